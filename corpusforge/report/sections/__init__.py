"""The sections of the page: each is a function from what was gathered to HTML."""
