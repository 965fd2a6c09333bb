import random
import sys
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpusforge.text.mojibake import mojibake
from corpusforge.text.noise import FIGURE, MIXED, NUM_WORD_KINDS, PLAIN, SINGLE_LETTER, STRANGE, YEAR, noises
from corpusforge.text.view import TextView

sys.path.insert(0, str(Path(__file__).parents[1]))
import census_oracle
import strategies

WORDS = (
    "the zxcvb Asdfg SDFGH jkl w0rd th|s br$wn H2O x a 12 1998 2010a 1800s 3.14 ١٢٣٤ é naïve 砂 岩 50% ??? | – U-235 20\ufffd "
    "ga_ls5t_3 _w0rd w0rd_ et al. J. doi:10 [12] 12. 84(3): 59-65 59–65 pp. Vol. [J] "
    "[EB/OL] http://a \ue000 \U000f0000b \U000e0101"
)
GAPS = ["\n", "  ", "\r\n", "，"]
JUNK = st.lists(st.sampled_from([*WORDS.split(), *GAPS]), max_size=30).map(" ".join)
LATIN = st.text(st.sampled_from("aé»Ã©Â°ä¸\xadâ€œÐð锛锟斤拷Ÿ’ß中\U0001f600"), max_size=20)
EDGES = [
    "",
    "a",
    "\n",
    "7\n",
    "12 345\n" * 3,
    "😀👨‍👩‍👧",
    "שלום עולם 12",
    "\u200b\ufeff",
    "e\u0301",
    "\U0010ffff\U000e0101",
    "[\n2010",
    "2010",
]


def view(*texts: str) -> TextView:
    return TextView(pa.array(texts, pa.large_string()))


def column(texts: list[str], place: int) -> list[int]:
    values: list[int] = noises(view(*texts))[:, place].tolist()
    return values


@settings(deadline=None)
@given(st.lists(st.one_of(JUNK, strategies.documents), max_size=4))
def test_noises_equal_the_oracle(texts: list[str]) -> None:
    assert noises(view(*texts)).tolist() == [census_oracle.noises(text) for text in texts]


@pytest.mark.parametrize("text", EDGES)
def test_noises_of_edge_cases_equal_the_oracle(text: str) -> None:
    assert noises(view(text)).tolist() == [census_oracle.noises(text)]
    assert mojibake(view(text)).tolist() == [census_oracle.mojibake(text)]


@pytest.mark.parametrize(
    ("word", "place"),
    [
        ("granite", PLAIN), ("zxcvbn", STRANGE), ("Zxcvbn", STRANGE), ("ZXCVBN", PLAIN), ("sdf", PLAIN), ("strengths", PLAIN),
        ("x", SINGLE_LETTER), ("砂", PLAIN), ("th|s", MIXED), ("w0rd", MIXED), ("H2O", PLAIN), ("Al2O3", PLAIN),
        ("12", FIGURE), ("50%", FIGURE), ("1998", YEAR), ("2099a", YEAR), ("2100", FIGURE), ("1799", FIGURE),
    ],
)  # fmt: skip
def test_words_are_told_by_what_they_are_made_of(word: str, place: int) -> None:
    assert column([word], place) == [1]


def test_names_of_programs_and_files_are_not_mixed() -> None:
    assert column(["ga_ls5t_ard_3", "ls5t_x", "x_ls5t", "ls5t", "_", "ls5t"], MIXED) == [0, 0, 0, 1, 0, 1]


def test_all_words_are_counted_once() -> None:
    counts = noises(view("Zwei 12 x w0rd sdfgh 1998 砂岩 ?"))
    assert counts[:, :NUM_WORD_KINDS].sum() == 8


@pytest.mark.parametrize("language", ["naturally happening things", "Rechtschreibung Angstschweiß", "wszystko szczęście przez"])
def test_hard_words_of_languages_are_not_strange(language: str) -> None:
    assert column([language], STRANGE) == [0]


@pytest.mark.parametrize(
    ("line", "is_numbers"),
    [
        ("12.5 13.1 | 9\n", True),
        ("Quartz 12 13\n", True),
        ("Quartz and feldspar 12\n", False),
        ("\n", False),
        ("第3章\n", False),
    ],
)
def test_lines_that_are_numbers_for_the_half_count_with_their_newline(line: str, is_numbers: bool) -> None:
    assert column([line], 6) == [len(line.encode()) * is_numbers]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("[1] 张三, 李四. 论文题目[J]. 地质学报, 2010, 84(3): 345-360.", True),
        ("Smith, J. (2010). A title. Nature, 464(7286), 59–65.", True),
        ("12. Lucas R et al. Cover mapping. Data. 2019", True),
        ("SMITH, VOL. 3, PP. 12, 1998 edition", True),
        ("Granite of 1998 is described by Smith et al. in detail.", False),
        ("In 1998 the basin was mapped.", False),
        ("[1] no year, J. Smith, pp. 3-4", False),
        ("[1] J. Smith, 2010. " + "x" * 600, False),
    ],
)
def test_entries_of_reference_lists_have_a_year_and_two_other_marks(line: str, expected: bool) -> None:
    assert (column([line], 7) == [len(line.encode())]) is expected


@settings(deadline=None)
@given(LATIN)
def test_mojibake_equals_the_oracle(text: str) -> None:
    assert mojibake(view(text)).tolist() == [census_oracle.mojibake(text)]


@settings(deadline=None)
@given(strategies.batches)
def test_mojibake_of_any_text_equals_the_oracle(texts: list[str]) -> None:
    assert mojibake(view(*texts)).tolist() == [census_oracle.mojibake(text) for text in texts]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ã©tÃ©", 4), ("été à la café», Größe“", 0), ("ä¸\xadæ–‡", 6), ("ÖÐ¹úÈË", 6), ("锟斤拷锟斤拷", 2),
        ("中文，正常。", 0), ("naïve çà et là", 0), ("NÃO É", 0), ("Ã", 0), ("ð\x9f\x98\x80", 4),
    ],
)  # fmt: skip
def test_mojibake_is_seen_and_accents_are_not(text: str, expected: int) -> None:
    assert mojibake(view(text)).tolist() == [expected]


def test_chinese_read_as_gbk_leaves_marks() -> None:
    text = "花岗岩含有石英，它在地下缓慢冷却。晶体的大小与冷却的速度有关，这是在野外可以看到的。".encode().decode(
        "gbk", "replace"
    )
    assert mojibake(view(text))[0] >= len(text) * 0.05


def test_counts_of_a_long_document_are_those_of_its_pages() -> None:
    page = "Granite, 12 w0rd sdfgh é 砂岩 x [1] J. Smith, 2010\n" * 50
    times = 5 * 2**20 // len(page.encode())
    short, long = view(page), view(page * times)
    assert noises(long).tolist() == (noises(short) * times).tolist()
    assert mojibake(view("Ã©" * 10**6)).tolist() == [2 * 10**6]


def test_most_keyboard_noise_is_strange_and_words_are_not() -> None:
    chosen = random.Random(1)
    mash = " ".join("".join(chosen.choices("asdfghjkl", k=chosen.randint(4, 9))) for _ in range(500))
    assert column([mash], STRANGE)[0] > 250
    assert column(["The quick brown fox jumps over the lazy dog while rhythms of strengths puzzle us"], STRANGE)[0] <= 1
