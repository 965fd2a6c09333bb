from itertools import chain, pairwise

import numpy as np
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from vocab_samples import geology

from corpusforge.vocab.widths import IRREGULAR, offset_widths, spelling_of, table_widths

SPACE = "\u2581"


def _bpe(vocab: dict[str, int], merges: list, **options) -> Tokenizer:
    return Tokenizer(models.BPE(vocab=vocab, merges=merges, **options))


def _spelling(tokenizer: Tokenizer):
    return spelling_of(tokenizer, tokenizer.to_str().encode())


def _table(tokenizer: Tokenizer, text: str) -> tuple[list[int], bool]:
    ids = np.array(tokenizer.encode(text, add_special_tokens=False).ids, np.int32)
    num_bytes = np.array([len(text.encode())])
    widths, is_right = table_widths(_spelling(tokenizer), ids, np.array([0, len(ids)]), num_bytes)
    return widths.tolist(), bool(is_right[0])


@pytest.mark.parametrize(
    ("text", "spans", "expected"),
    [
        ("", [], []),
        ("abc", [(0, 1), (1, 3)], [1, 2]),
        ("岩a", [(0, 1), (1, 2)], [3, 1]),
        ("岩a", [(0, 1), (0, 1), (0, 1), (1, 2)], [1, 1, 1, 1]),  # one byte each
        ("岩a", [(0, 1), (0, 1), (1, 2)], [1, 2, 1]),
        ("½b", [(0, 1), (0, 1), (0, 1), (1, 2)], [1, 0, 1, 1]),  # 1⁄2 are three tokens for two bytes
        ("a  b", [(0, 1), (3, 4)], [3, 1]),  # a gap goes left
        ("  ab", [(2, 3), (3, 4)], [3, 1]),  # and before the first token to the first
        ("ab  ", [(0, 2)], [4]),
        ("岩石", [(0, 2), (1, 2)], [4, 2]),  # the second character is shared
        ("ab", [(0, 1), (0, 1), (1, 2)], [0, 1, 1]),  # nothing lies inside one byte: the last takes it
        ("e\u0301", [(0, 2), (0, 2)], [2, 1]),  # one letter of two characters: the boundary goes into the accent
        ("e\u0301s", [(0, 1), (0, 1), (2, 3)], [2, 1, 1]),
        ("岩", [(0, 0), (0, 1)], [0, 3]),
        ("𠮷", [(0, 0), (0, 1), (0, 1), (0, 1), (0, 1)], [0, 1, 1, 1, 1]),
    ],
)
def test_offsets_become_bytes(text, spans, expected):
    assert offset_widths(text, spans).tolist() == expected


@st.composite
def _spans(draw):
    text = draw(st.text(st.characters(exclude_categories=["Cs"]), max_size=20))
    steps = draw(st.lists(st.tuples(st.integers(-1, 2), st.integers(0, 3)), max_size=25))
    spans, at = [], 0
    for forward, length in steps:
        begin = min(max(at + forward, 0, spans[-1][0] if spans else 0), len(text))
        at = min(begin + length, len(text))
        spans.append((begin, at))
    return text, spans


@given(_spans())
@settings(max_examples=500)
def test_widths_sum_to_the_bytes_and_none_is_negative(case):
    text, spans = case
    widths = offset_widths(text, spans)
    assert len(widths) == len(spans)
    assert (widths >= 0).all()
    assert widths.sum() == (len(text.encode()) if spans else 0)


@given(st.lists(st.tuples(st.sampled_from("aé岩𠮷"), st.integers(1, 4)), min_size=1, max_size=10))
def test_a_boundary_between_tokens_of_one_character_lies_inside_it(characters):
    text = "".join(character for character, _ in characters)
    spans = [(place, place + 1) for place, (_, count) in enumerate(characters) for _ in range(count)]
    ends = np.cumsum(offset_widths(text, spans)).tolist()
    borders = {len(text[:place].encode()) for place in range(len(text) + 1)}
    inner = [end for end, (span, after) in zip(ends, pairwise(spans), strict=False) if span == after]
    sizes = [len(text[span[0]].encode()) for span, after in pairwise(spans) if span == after]
    assert not {end for end, size in zip(inner, sizes, strict=True) if size > 1} & borders


def test_a_trained_tokenizer_says_every_width(tokenizer_folder):
    tokenizer = Tokenizer.from_file(str(tokenizer_folder / "tokenizer.json"))
    tokenizer.encode_special_tokens = True
    text = "In  Iceland\n岩 𠮷"
    encoded = tokenizer.encode(text, add_special_tokens=False)
    sizes = [1 if token.startswith("<0x") else len(token.replace(SPACE, " ").encode()) for token in encoded.tokens]
    assert _table(tokenizer, text) == ([sizes[0] - 1, *sizes[1:]], True)


@pytest.mark.parametrize(("text", "is_right"), [("plain text", True), ("bars \u2581\u2582", False), ("", True)])
def test_the_space_mark_itself_in_a_text_is_not_taken_for_a_space(tokenizer_folder, text, is_right):
    tokenizer = Tokenizer.from_file(str(tokenizer_folder / "tokenizer.json"))
    assert _table(tokenizer, text)[1] is is_right


def test_documents_without_tokens_are_no_one_elses(tokenizer_folder):
    tokenizer = Tokenizer.from_file(str(tokenizer_folder / "tokenizer.json"))
    texts = ["", "basalt", "", "", "岩", ""]
    encoded = [tokenizer.encode(text, add_special_tokens=False).ids for text in texts]
    offsets = np.cumsum([0, *map(len, encoded)])
    num_bytes = np.array([len(text.encode()) for text in texts])
    widths, is_right = table_widths(_spelling(tokenizer), np.array(list(chain(*encoded)), np.int32), offsets, num_bytes)
    assert is_right.all()
    assert [widths[a:b].sum() for a, b in pairwise(offsets)] == num_bytes.tolist()


@given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
@settings(max_examples=200, deadline=None)
def test_byte_level_tokens_are_one_byte_per_character(byte_level, text):
    ids = byte_level.encode(text).ids
    tokens = [byte_level.id_to_token(number) for number in ids]
    assert _table(byte_level, text) == ([len(token) for token in tokens], True)


@pytest.fixture(scope="module")
def byte_level() -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=500, initial_alphabet=alphabet, special_tokens=["<|end|>"], show_progress=False)
    tokenizer.train_from_iterator(geology(100), trainer)
    return tokenizer


def test_a_byte_level_prefix_space_is_taken_from_the_first_token(byte_level):
    described = orjson.loads(byte_level.to_str())
    described["pre_tokenizer"]["add_prefix_space"] = True
    tokenizer = Tokenizer.from_str(orjson.dumps(described).decode())
    widths, is_right = _table(tokenizer, "basalt 岩")
    assert is_right
    assert sum(widths) == len("basalt 岩".encode())


def test_special_tokens_and_unknown_characters_are_irregular(byte_level):
    assert _spelling(byte_level).widths[byte_level.token_to_id("<|end|>")] == IRREGULAR
    tokenizer = _bpe({"<unk>": 0, "a": 1}, [], unk_token="<unk>", fuse_unk=True)
    assert _spelling(tokenizer).widths.tolist() == [IRREGULAR, 1]
    assert _table(tokenizer, "a岩石a")[1] is False


def test_added_tokens_cover_their_content_unless_they_take_spaces_with_them(byte_level):
    tokenizer = Tokenizer.from_str(byte_level.to_str())
    tokenizer.add_tokens(["榴辉岩"])
    assert _table(tokenizer, "an 榴辉岩 here")[1] is True
    assert _spelling(tokenizer).widths[tokenizer.token_to_id("榴辉岩")] == 9


def test_a_byte_spelling_counts_only_with_byte_fallback():
    with_bytes = _bpe({"a": 0, "<0x0A>": 1, SPACE: 2}, [], byte_fallback=True)
    without = _bpe({"a": 0, "<0x0A>": 1, SPACE: 2}, [])
    assert _spelling(with_bytes).widths.tolist() == [1, 1, 3]
    assert _spelling(without).widths.tolist() == [1, 6, 3]


def test_word_pieces_say_nothing():
    tokenizer = Tokenizer(models.WordPiece({"[UNK]": 0, "a": 1, "##b": 2}, unk_token="[UNK]"))
    assert _spelling(tokenizer).widths is None
    assert _table(tokenizer, "ab")[1] is False
    assert _table(tokenizer, "")[1] is True


@pytest.mark.parametrize("scheme", ["always", "first", "never"])
def test_metaspace_prefixes_follow_the_scheme(scheme):
    tokenizer = _bpe({SPACE: 0, "a": 1, f"{SPACE}a": 2}, [(SPACE, "a")])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme=scheme)
    assert _table(tokenizer, "a a")[1] is True
    assert sum(_table(tokenizer, "a a")[0]) == 3
    assert _spelling(tokenizer).has_prefix is (scheme != "never")


def test_only_lossless_steps_leave_no_normalizer_to_ask(tokenizer_folder):
    assert _spelling(Tokenizer.from_file(str(tokenizer_folder / "tokenizer.json"))).normalizer is None
    tokenizer = _bpe({SPACE: 0, "a": 1}, [])
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Replace(" ", SPACE)])
    spelling = _spelling(tokenizer)
    assert spelling.normalizer.normalize_str("ａ b") == "a b"
    assert spelling.widths.tolist() == [1, 1]
