"""Recipes: YAML to checked values, the stages by name, and the JSON Schema."""

from corpusforge.recipe.load import load_recipe
from corpusforge.recipe.model import NamedStage, Recipe, SourceChain, Trial, default_out

__all__ = ["NamedStage", "Recipe", "SourceChain", "Trial", "default_out", "load_recipe"]
