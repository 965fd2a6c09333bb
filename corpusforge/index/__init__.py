"""Where data leaves: Megatron shards, their reader and their verification."""
