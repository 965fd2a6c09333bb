import os
import shutil
import tempfile
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpusforge.errors import InputError
from corpusforge.source.listing import is_excluded, list_files

ANY = ("**/*",)


def _tree(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    return folder


def _names(path, include=ANY, exclude=()):
    return [file.relative for file in list_files(str(path), include=include, exclude=exclude)]


def test_a_folder_is_listed_by_relative_path_in_order(tmp_path):
    _tree(tmp_path, "b.md", "a/z.md", "a.md", "a/b/c.md")
    assert _names(tmp_path) == ["a.md", "a/b/c.md", "a/z.md", "b.md"]


def test_an_input_file_has_its_absolute_path_and_its_size(tmp_path):
    (tmp_path / "a.md").write_bytes(b"12345")
    (found,) = list_files(str(tmp_path), include=ANY, exclude=())
    assert (found.path, found.relative, found.size_bytes) == (str(tmp_path / "a.md"), "a.md", 5)


def test_a_folder_may_have_wildcards_in_its_name(tmp_path):
    (tmp_path / "geo [v2]").mkdir()
    (tmp_path / "geo [v2]/a.md").write_bytes(b"1")
    assert [each.relative for each in list_files(f"{tmp_path}/geo [v2]/*.md", include=ANY, exclude=())] == ["a.md"]


def test_one_file_is_listed_whatever_include_says(tmp_path):
    _tree(tmp_path, "notes.log")
    assert _names(tmp_path / "notes.log", include=("**/*.md",)) == ["notes.log"]


def test_a_glob_starts_from_the_longest_prefix_without_glob_characters(tmp_path):
    _tree(tmp_path, "data/2020/a.md", "data/2021/b.md", "data/2021/deep/c.md", "data/2021/d.txt")
    assert _names(tmp_path / "data" / "20*" / "*.md", include=()) == ["2020/a.md", "2021/b.md"]


def test_two_stars_stand_for_any_number_of_folders(tmp_path):
    _tree(tmp_path, "a.md", "x/b.md", "x/y/c.md")
    assert _names(tmp_path / "**" / "*.md", include=()) == ["a.md", "x/b.md", "x/y/c.md"]


def test_a_file_whose_name_looks_like_a_glob_is_that_file(tmp_path):
    _tree(tmp_path, "a[1].md", "a1.md")
    assert _names(tmp_path / "a[1].md") == ["a[1].md"]


@pytest.mark.parametrize(
    ("pattern", "relative", "matches"),
    [
        ("*.md", "a.md", True),
        ("*.md", "x/a.md", True),  # the file name alone
        ("x/*.md", "x/a.md", True),
        ("x/*.md", "x/y/a.md", False),
        ("x/**", "x/y/a.md", True),
        ("x/**", "x", False),
        ("**/y/**/a.md", "x/y/z/a.md", True),
        ("**/y/**/a.md", "y/a.md", True),
        ("LICEN[CS]E*", "deep/LICENSE.md", True),
        ("LICEN[CS]E*", "deep/license.md", False),
        ("[!a]*.md", "b.md", True),
        ("[!a]*.md", "a.md", False),
        ("./x/?.md", "x/a.md", True),
        ("[z-a].md", "b.md", False),
    ],
)
def test_patterns_match_the_relative_path_or_the_name(pattern, relative, matches):
    assert is_excluded(PurePosixPath(relative), pattern) is matches


def test_excluded_files_are_left_out(tmp_path):
    _tree(tmp_path, "README.md", "a.md", "deep/README.rst", "drafts/b.md")
    assert _names(tmp_path, exclude=("README*", "drafts/**")) == ["a.md"]


def test_hidden_and_partial_files_are_no_input(tmp_path):
    _tree(tmp_path, ".hidden.md", ".git/a.md", "a.md.partial", "a.md")
    assert _names(tmp_path) == ["a.md"]


def test_a_hidden_folder_above_the_root_hides_nothing(tmp_path):
    _tree(tmp_path, ".cache/data/a.md")
    assert _names(tmp_path / ".cache" / "data" / "*.md") == ["a.md"]


def test_a_file_reached_by_a_symlink_too_counts_once_under_its_own_path(tmp_path):
    _tree(tmp_path, "real/a.md")
    (tmp_path / "0link").symlink_to(tmp_path / "real")
    (tmp_path / "copy.md").symlink_to(tmp_path / "real/a.md")
    assert _names(tmp_path) == ["real/a.md"]


def test_a_file_reached_only_by_symlinks_counts_once_under_the_first_path(tmp_path):
    _tree(tmp_path, "elsewhere/a.md")
    (tmp_path / "data").mkdir()
    (tmp_path / "data/2.md").symlink_to(tmp_path / "elsewhere/a.md")
    (tmp_path / "data/1.md").symlink_to(tmp_path / "elsewhere/a.md")
    assert _names(tmp_path / "data") == ["1.md"]


def test_symlinks_that_go_round_in_circles_end(tmp_path):
    _tree(tmp_path, "x/a.md")
    (tmp_path / "x/up").symlink_to(tmp_path)
    assert _names(tmp_path) == ["x/a.md"]


@given(order=st.permutations(["b.md", "a.md", "c/d.md", "c/a.md"]))
def test_the_order_in_which_files_were_made_does_not_matter(order):
    with tempfile.TemporaryDirectory() as folder:
        _tree(Path(folder), *order)
        assert _names(folder) == ["a.md", "b.md", "c/a.md", "c/d.md"]


def _error(path, include=ANY, exclude=()):
    with pytest.raises(InputError) as caught:
        list_files(str(path), include=include, exclude=exclude)
    return str(caught.value)


def test_a_missing_folder_names_what_lies_beside_it(tmp_path):
    _tree(tmp_path, "books/a.md", "papers/b.md")
    message = _error(tmp_path / "boks" / "deep")
    assert message == (
        f"path '{tmp_path}/boks/deep': there is no '{tmp_path}/boks/deep'; '{tmp_path}' holds books, papers; correct the path"
    )


def test_a_glob_below_a_missing_folder_names_that_folder(tmp_path):
    assert f"there is no '{tmp_path}/none'; '{tmp_path}' holds nothing" in _error(tmp_path / "none" / "*.md")


def test_an_empty_folder_is_called_empty(tmp_path):
    assert _error(tmp_path, ("**/*.md", "**/*.rst")) == (
        f"path '{tmp_path}': no file matches **/*.md, **/*.rst; the folder is empty: put files there, or correct the path"
    )


def test_where_nothing_matches_the_suffixes_that_there_are_are_named(tmp_path):
    _tree(tmp_path, "a.txt", "b.txt", "c.pdf", "Makefile")
    message = _error(tmp_path, ("**/*.md",))
    assert "no file matches **/*.md; the folder has 2 .txt, 1 .pdf, 1 no suffix: set `include`" in message


def test_no_pattern_matches_nothing(tmp_path):
    _tree(tmp_path, "a.md")
    assert "the folder has 1 .md: set `include`" in _error(tmp_path, ())


def test_where_everything_is_excluded_exclude_is_named(tmp_path):
    _tree(tmp_path, "a.md", "b.md")
    assert _error(tmp_path, exclude=("*.md",)).endswith("all 2 matching files are excluded; shorten `exclude`")


def test_a_symlink_to_nothing_is_an_error(tmp_path):
    (tmp_path / "a.md").symlink_to(tmp_path / "gone.md")
    assert "a.md: is a symlink to nothing; correct it, or exclude it" in _error(tmp_path)


def test_a_pipe_is_an_error(tmp_path):
    os.mkfifo(tmp_path / "a.md")
    assert "a.md: is no regular file" in _error(tmp_path)


def test_a_file_name_that_is_not_utf8_is_an_error_that_can_be_shown(tmp_path):
    try:
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.md")).write_text("x")
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    message = _error(tmp_path)
    assert f"{tmp_path}/caf\\xe9.md: the file name is not UTF-8; rename it" in message
    assert message.encode()


def test_a_file_name_that_is_not_utf8_may_be_excluded(tmp_path):
    _tree(tmp_path, "a.md")
    try:
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.md")).write_text("x")
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    assert _names(tmp_path, exclude=("caf*",)) == ["a.md"]


@pytest.fixture
def unprivileged():
    """A folder that anybody may enter, and an effective user whom permissions hold for."""
    folder = Path(tempfile.mkdtemp(prefix="corpusforge-", dir="/tmp"))
    folder.chmod(0o755)
    was = os.geteuid()
    if was == 0:
        os.seteuid(65_534)
    yield folder
    os.seteuid(was)
    shutil.rmtree(folder)


def _locked(path):
    """Take all permissions away, as the owner."""
    user, mine = os.geteuid(), os.getuid()
    os.seteuid(mine)
    path.chmod(0)
    os.seteuid(user)


def _made(folder, *names):
    user, mine = os.geteuid(), os.getuid()
    os.seteuid(mine)
    _tree(folder, *names)
    os.seteuid(user)


def test_a_file_without_permission_is_an_error(unprivileged):
    _made(unprivileged, "a.md")
    _locked(unprivileged / "a.md")
    assert _error(unprivileged) == (f"{unprivileged}/a.md: may not be read by this user; change its permissions, or exclude it")


def test_a_folder_without_permission_is_an_error(unprivileged):
    _made(unprivileged, "a.md", "deep/b.md")
    _locked(unprivileged / "deep")
    message = _error(unprivileged)
    _unlock(unprivileged / "deep")
    assert message.startswith(f"{unprivileged}/deep: the folder cannot be listed (Permission denied)")


def _unlock(path):
    user, mine = os.geteuid(), os.getuid()
    os.seteuid(mine)
    path.chmod(0o755)
    os.seteuid(user)
