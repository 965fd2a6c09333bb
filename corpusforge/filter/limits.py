"""Kinds of thresholds that several filters have: null or 0 asks nothing, and another value reads no text again."""

from typing import Annotated

from pydantic import Field

from corpusforge.settings import ThresholdMark

Count = Annotated[int | None, ThresholdMark(), Field(ge=0)]
Number = Annotated[float | None, ThresholdMark(), Field(ge=0)]
