"""The audit on Llama's and Qwen's vocabularies, on merges broken as others have published them, and on an extension of ours."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "vocab"))
from vocab_samples import extended
from vocabularies import DATA, LLAMA, QWEN, collections

from corpusforge.inspect.texts import TextRequest
from corpusforge.inspect.tokenizers import audit_tokenizer
from corpusforge.vocab.audit.audit import Audit
from corpusforge.vocab.audit.findings import Finding, Severity
from corpusforge.vocab.audit.loaders import HuggingFaceLoader
from corpusforge.vocab.audit.subject import read_subject
from corpusforge.vocab.extend import Extend
from corpusforge.vocab.proto import Piece, PieceKind, SentencePieceModel

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not LLAMA.exists(), reason="no real data beside the checkout")]

CHINESE = DATA / "tokenizers/chinese_sp.model"
TEXT = TextRequest((str(DATA / "zh"), str(DATA / "geo_en")), 600_000)


@pytest.fixture(scope="module")
def base() -> SentencePieceModel:
    return SentencePieceModel.parse(LLAMA.read_bytes(), origin="llama")


@pytest.fixture(scope="module")
def missing(base) -> list[str]:
    """Pieces of the Chinese model that Llama has not, in order."""
    known = {piece.text for piece in base.pieces}
    chinese = SentencePieceModel.parse(CHINESE.read_bytes(), origin="chinese")
    return [piece.text for piece in chinese.pieces if piece.text not in known]


def _merged(base: SentencePieceModel, texts: list[str], scores: list[float], folder: Path) -> Path:
    pieces = [Piece(text, score, PieceKind.NORMAL) for text, score in zip(texts, scores, strict=True)]
    (folder / "tokenizer.model").write_bytes(base.with_pieces([*base.pieces, *pieces]).to_bytes())
    return folder


def _of(found: Audit, check: str) -> list[Finding]:
    return [each for each in found.findings if each.check == check]


def test_every_defect_of_the_chinese_llama_script_is_named(base, missing, tmp_path):
    found = audit_tokenizer(_merged(base, missing, [0.0] * len(missing), tmp_path), LLAMA, TEXT)
    unreachable, ties, new = (_of(found, check)[0] for check in ("unreachable_pieces", "tied_scores", "new_pieces_unreachable"))
    assert (len(missing), found.num_ids) == (17_953, 49_953)
    assert (unreachable.severity, unreachable.num, unreachable.whole) == (Severity.ERROR, 539, 49_694)
    assert "321 because no two pieces make it, 218 because other merges come first" in unreachable.title
    assert (new.severity, new.num, new.whole) == (Severity.ERROR, 345, 17_953)
    assert _of(found, "base_pieces_lost")[0].num == 194
    assert (ties.severity, ties.num) == (Severity.ERROR, 11_597)
    assert "share 1 score" in ties.title
    by_score, _ = sorted(_of(found, "loaders"), key=lambda each: each.severity != Severity.ERROR)
    assert (by_score.severity, by_score.num > 0.01 * by_score.whole) == (Severity.ERROR, True)
    assert all(each.severity is Severity.ERROR for each in (_of(found, "base_segmentation")[0], _of(found, "coarser")[0]))


def test_scores_that_a_toolkit_collapses_are_counted(base, missing, tmp_path):
    lowest = min(piece.score for piece in base.pieces)
    texts = missing[:8000]
    scores = [lowest - 1 - rank for rank in range(8000)]
    found = _of(audit_tokenizer(_merged(base, texts, scores, tmp_path), LLAMA, TextRequest()), "tied_scores")[0]
    longer = sum(len(text) > 1 for text in texts)
    assert found.severity is Severity.ERROR
    assert found.title.endswith(f"share 126 scores; the {longer:,} new ones have 126")


def test_a_lost_prefix_space_is_named(base, tmp_path):
    lost = replace(base).without_normalizer(adds_dummy_prefix=False)
    (tmp_path / "tokenizer.model").write_bytes(lost.to_bytes())
    found = audit_tokenizer(tmp_path, LLAMA, TEXT)
    assert [each.severity for each in _of(found, "lost_prefix")] == [Severity.ERROR]
    assert (_of(found, "base_segmentation")[0].num, _of(found, "base_segmentation")[0].severity) == (
        _of(found, "base_segmentation")[0].whole,
        Severity.ERROR,
    )


def test_llama_has_no_error_and_the_conversion_of_transformers_is_a_warning():
    found = audit_tokenizer(LLAMA, None, TEXT)
    assert [each.check for each in found.findings if each.severity is Severity.ERROR] == []
    warnings = [each for each in found.findings if each.severity is Severity.WARNING]
    assert [each.check for each in warnings] == ["loaders"]
    assert "transformers 5" in warnings[0].title
    assert _of(found, "unreachable_pieces")[0].title == "all 31,741 pieces can be reached"


def test_the_conversion_is_that_of_transformers(tmp_path):
    transformers = pytest.importorskip("transformers")
    (tmp_path / "tokenizer.model").write_bytes(LLAMA.read_bytes())
    theirs = transformers.LlamaTokenizer.from_pretrained(tmp_path)
    ours = dict(read_subject(LLAMA).others())["transformers 5"]()
    assert isinstance(ours, HuggingFaceLoader)
    text = "  a b   c\n\n地质  ====  ﬁ（１２）\t𠮷野 <s> don't"
    lines = [line for text in collections()["zh"][:40] for line in text.splitlines()] + [text]
    expected = theirs(lines, add_special_tokens=False, split_special_tokens=True)["input_ids"]
    assert [each.ids for each in ours.encoder.reference.encode_batch(lines, add_special_tokens=False)] == expected


def test_qwen_has_no_error_and_its_pieces_with_marks_cannot_be_reached():
    found = audit_tokenizer(QWEN, None, TEXT, "qwen")
    assert [each.check for each in found.findings if each.severity is Severity.ERROR] == []
    unreachable = _of(found, "unreachable_pieces")[0]
    assert (unreachable.severity, unreachable.num) == (Severity.WARNING, 1_679)


def test_an_extension_of_ours_has_no_error(tmp_path):
    texts = [text[:20_000] for text in collections()["zh"]]
    found = audit_tokenizer(extended(Extend(base=LLAMA, num_pieces=2000), texts, tmp_path), LLAMA, TEXT)
    assert [each.title for each in found.findings if each.severity is not Severity.NOTE] == []
