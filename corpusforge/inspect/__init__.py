"""Questions to a finished build: is it what its manifest says, and where does a training sample come from."""
