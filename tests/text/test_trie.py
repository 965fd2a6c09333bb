import numpy as np
import pytest
from text.terms_oracle import fold_all  # type: ignore[import-not-found]
