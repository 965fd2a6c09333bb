"""How good a model is: likelihoods of answers and of text. Torch is loaded by model.py alone, and only when a model is."""
