import pytest

from corpusforge.extract.chunks import Chunk, read_chunk


@pytest.mark.parametrize(
    "code",
    [
        'knitr::include_graphics("a.png")',
        "library(ggplot2)\nrequire(dplyr)",
        "knitr::opts_chunk$set(\n  echo = FALSE,\n  fig.width = 7\n)",
        "# only a comment",
        "options(digits = 3)  # a note",
        "",
    ],
)
def test_code_that_only_sets_the_stage_is_dropped(code: str) -> None:
    assert read_chunk("r", code).code == ""


def test_code_that_does_something_stays_whole() -> None:
    assert read_chunk("r", "library(dplyr)\nx <- mean(rock$density)\n").code == "library(dplyr)\nx <- mean(rock$density)"


@pytest.mark.parametrize("option", ["include=FALSE", "echo = F", "echo=FALSE, message=FALSE"])
def test_code_that_its_author_hid_is_dropped(option: str) -> None:
    assert read_chunk(f"r setup, {option}", "x <- 1").code == ""


@pytest.mark.parametrize(
    ("header", "caption"),
    [
        ("r fig-1, fig.cap='Olivine, a silicate'", "Olivine, a silicate"),
        (r"r fig-1, fig.cap='An atom\'s \"shell\"', out.width='50%'", 'An atom\'s "shell"'),
        ('r, fig.cap=paste("Halite", "crystal")', "Halite crystal"),
        ("r, fig.cap='(ref:quartz)'", ""),
        ("r, fig.cap=NULL", ""),
        ("r, fig.alt='A thin section'", "A thin section"),
    ],
)
def test_the_caption_comes_from_the_header(header: str, caption: str) -> None:
    assert read_chunk(header, "") == Chunk(caption=caption, code="")


def test_quarto_options_are_read_and_left_out_of_the_code() -> None:
    code = '#| label: fig-a\n#| fig-cap: A "folded" layer\nplot(fold)'
    assert read_chunk("r", code) == Chunk(caption='A "folded" layer', code="plot(fold)")
