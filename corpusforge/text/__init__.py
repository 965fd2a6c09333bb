"""Pure functions on text: no settings, no files."""
