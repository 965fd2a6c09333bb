"""Cutting a document's token ids into pieces."""
