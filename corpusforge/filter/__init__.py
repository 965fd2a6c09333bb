"""Signals measured on each document, and the rules that decide from them."""
