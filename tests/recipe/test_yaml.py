from pathlib import Path

import pytest

from corpusforge.errors import RecipeError
from corpusforge.recipe.yaml import load_yaml, parse_yaml
from corpusforge.settings import Located


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("on", "on"),
        ("1:30", "1:30"),
        ("2025-01-02", "2025-01-02"),
        ("true", True),
        ("false", False),
        ("12", 12),
        ("1_000", 1000),
        ("0x10", 16),
        ("0.5", 0.5),
        ("1e-3", 0.001),
        ("~", None),
        ("'12'", "12"),
        ("矿物", "矿物"),
    ],
)
def test_scalars_mean_what_people_read(text: str, value: object) -> None:
    assert parse_yaml(text, Path("/"), "test") == value


def test_a_key_given_twice_is_an_error_with_both_lines() -> None:
    with pytest.raises(RecipeError, match=r"a\.yaml: line 3: key 'name' is given twice, first in line 1"):
        parse_yaml("name: a\nseed: 1\nname: b\n", Path("/"), "a.yaml")


def test_broken_yaml_names_file_and_line() -> None:
    with pytest.raises(RecipeError, match=r"a\.yaml: line 2: "):
        parse_yaml("a: [1,\nb: }", Path("/"), "a.yaml")


def test_anchors_and_merges_work() -> None:
    tree = parse_yaml("a: &x {path: p, lang: en}\nb: {<<: *x, lang: zh}\n", Path("/"), "test")
    assert tree["b"] == {"path": "p", "lang": "zh"}


def test_yaml_tags_construct_nothing() -> None:
    with pytest.raises(RecipeError, match="could not determine a constructor"):
        parse_yaml("!!python/object/apply:os.system ['true']", Path("/"), "test")


def test_strings_know_the_folder_of_their_file(tmp_path: Path) -> None:
    (tmp_path / "r.yaml").write_text("path: data\n")
    value = load_yaml(tmp_path / "r.yaml")["path"]
    assert isinstance(value, Located)
    assert value.base == tmp_path


def test_a_file_that_is_no_mapping_is_refused(tmp_path: Path) -> None:
    (tmp_path / "r.yaml").write_text("- a\n")
    with pytest.raises(RecipeError, match="holds list, not settings"):
        load_yaml(tmp_path / "r.yaml")


def test_a_missing_file_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"no such file; `corpusforge init"):
        load_yaml(tmp_path / "r.yaml")


def test_a_file_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    (tmp_path / "r.yaml").write_bytes(b"name: \xff\n")
    with pytest.raises(RecipeError, match="cannot be read as UTF-8"):
        load_yaml(tmp_path / "r.yaml")
