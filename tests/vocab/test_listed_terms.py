import pytest

from corpusforge.errors import InputError
from corpusforge.vocab.terms import in_text, read_terms


def test_terms_are_lines_once_each_without_comments(tmp_path):
    (tmp_path / "a.txt").write_text("\ufeff# rocks\ngranite \n\n花岗岩\ngranite\n", encoding="utf-8")
    assert read_terms(tmp_path / "a.txt") == ["granite", "花岗岩"]


def test_a_folder_is_all_its_lists_in_order_of_name(tmp_path):
    (tmp_path / "b.txt").write_text("b\n")
    (tmp_path / "a.txt").write_text("a\n")
    (tmp_path / "notes.md").write_text("no term\n")
    assert read_terms(tmp_path) == ["a", "b"]


@pytest.mark.parametrize(("content", "said"), [(b"# nothing\n", "holds no terms"), (b"\xff\n", "terms must be UTF-8")])
def test_lists_that_cannot_be_used_are_refused(tmp_path, content, said):
    (tmp_path / "a.txt").write_bytes(content)
    with pytest.raises(InputError, match=said):
        read_terms(tmp_path / "a.txt")


@pytest.mark.parametrize(("term", "text"), [("granite", "\n granite"), ("花岗岩", "\n花岗岩"), ("Ωmega", "\n Ωmega")])
def test_words_of_scripts_with_spaces_stand_after_one(term, text):
    assert in_text(term) == text
