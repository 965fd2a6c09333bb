"""CorpusForge: from raw sources to verified training shards, from one recipe."""

__version__ = "0.1.0"
