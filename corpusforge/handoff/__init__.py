"""Scripts that hand work to others: a build to a Slurm cluster, its shards to Megatron-LM."""
