"""Runs a plan: knows nothing of any particular stage."""
