"""Weights of models as files: safetensors and checkpoints of them, read and written piece by piece, without torch."""
