from typing import ClassVar

from pydantic import Field

from corpusforge.documented import Documented


class Inner(Documented):
    """Something inside."""

    depth: int = 1
    """How deep."""


class Base(Documented):
    """What others build on."""

    kind: ClassVar[str] = "base"
    """No setting."""
    lang: str = ""
    """Judge only
    this language."""


class Outer(Base):
    """Settings of a stage."""

    inner: Inner = Inner()
    """A setting that is a class of settings."""
    bare: int = 0


def test_the_string_under_a_field_is_its_description_in_the_schema() -> None:
    settings = Outer.model_json_schema()["properties"]
    assert {name: schema.get("description") for name, schema in settings.items()} == {
        "lang": "Judge only\nthis language.", "inner": "A setting that is a class of settings.", "bare": None,
    }  # fmt: skip


def test_settings_inside_settings_are_described_too() -> None:
    assert Outer.model_json_schema()["$defs"]["Inner"]["properties"]["depth"]["description"] == "How deep."


def test_a_class_without_source_has_a_schema_without_descriptions() -> None:
    made = type("Made", (Base,), {"__annotations__": {"count": int}, "count": 3})
    assert "description" not in made.model_json_schema()["properties"]["count"]


def test_a_description_that_a_field_has_by_itself_stays() -> None:
    class Explicit(Base):
        lang: str = Field(default="", description="As it was given.")
        """What others say."""

    assert Explicit.model_json_schema()["properties"]["lang"]["description"] == "As it was given."


def test_lines_at_the_margin_inside_a_class_are_no_trouble() -> None:
    class Inside(Documented):
        """Settings.

At the margin."""  # fmt: skip

        wide: bool = True
        """Whether it is
wide."""

    assert Inside.model_json_schema()["properties"]["wide"]["description"].split() == ["Whether", "it", "is", "wide."]


def test_a_class_of_code_that_was_in_no_file_has_a_schema_without_descriptions() -> None:
    made = type("Made", (Base,), {"__module__": "nowhere", "__annotations__": {"count": int}, "count": 3})
    assert "description" not in made.model_json_schema()["properties"]["count"]
