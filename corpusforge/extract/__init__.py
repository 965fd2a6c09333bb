"""Raw bytes to plain text."""
