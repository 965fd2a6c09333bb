"""Recipes: YAML to checked values, the stages by name, and the JSON Schema."""

from corpusforge.recipe.load import load_recipe
from corpusforge.recipe.load_training import Training, load_training
from corpusforge.recipe.model import NamedStage, Recipe, SourceChain, Trial, default_out

__all__ = ["NamedStage", "Recipe", "SourceChain", "Training", "Trial", "default_out", "load_recipe", "load_training"]
