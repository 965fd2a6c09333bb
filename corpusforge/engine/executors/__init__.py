"""Ways to run tasks: worker processes on this machine, a Ray cluster."""
