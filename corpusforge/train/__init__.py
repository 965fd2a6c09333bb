"""Training on shards: the torch side. Knows the shards' reader and the mix, and no stage."""
