"""Stages that look at the whole corpus to remove repeated documents."""
