import pytest

from corpusforge.extract.hyphens import join_lines, words_of


@pytest.mark.parametrize(
    ("lines", "elsewhere", "wanted"),
    [
        (["the sedi-", "ments are"], [], "the sediments are"),
        (["the sedi\x02", "ments are"], [], "the sediments are"),
        (["a well-", "known fact"], ["a well-known bed"], "a well-known fact"),
        (["a well-", "known fact"], ["they have known it well"], "a well-known fact"),
        (["under-", "stand it"], ["under the beds they stand"], "understand it"),
        (["a time-", "scale of"], ["time on this scale", "the timescale is"], "a timescale of"),
        (["quartz-", "rich sand"], [], "quartz-rich sand"),
        (["Navier-", "Stokes"], [], "Navier-Stokes"),
        (["SEDI-", "MENTS"], [], "SEDIMENTS"),
        (["U-", "Pb ages"], [], "U-Pb ages"),
        (["1990-", "1995"], [], "1990-1995"),
        (["38–", "32 Ma"], [], "38–32 Ma"),
        (["soft\xad", "ly and in\xadside"], ["soft ly"], "softly and inside"),
        (["a dash -", "and more"], [], "a dash -\nand more"),
        (["two", "lines"], [], "two\nlines"),
        (["径流深约 11", "2 毫米"], [], "径流深约 112 毫米"),
        (["in the year 12", "2 beds"], [], "in the year 12\n2 beds"),
    ],
)
def test_a_word_is_put_together_as_the_document_writes_it(lines: list[str], elsewhere: list[str], wanted: str) -> None:
    assert join_lines(lines, words_of([*lines, *elsewhere])) == wanted


def test_pieces_of_cut_words_are_no_words() -> None:
    assert words_of(["the near-", "est bed"]).plain == {"the", "bed"}
