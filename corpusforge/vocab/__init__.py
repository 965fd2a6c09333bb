"""Tokenizers: training them and encoding with them."""
