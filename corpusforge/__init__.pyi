from corpusforge.api import build as build
from corpusforge.api import plan as plan
from corpusforge.api import trace as trace
from corpusforge.api import verify as verify
from corpusforge.api import why as why
from corpusforge.recipe import Trial as Trial

__version__: str
