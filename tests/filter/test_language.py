import pickle
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pytest
import strategies
from hypothesis import given, settings

from corpusforge.engine.decide import decide
from corpusforge.errors import InputError
from corpusforge.filter.language import Language, _sample
from corpusforge.text.view import TextView

EN = "The granite is made of quartz and feldspar that cooled slowly in the crust. "
DE = "Der Granit besteht aus Quarz und Feldspat, die in der Kruste langsam abgekühlt sind. "
ZH = "花岗岩由石英、长石和云母组成。"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of our own for three languages, in GlotLID's labels."""
    fasttext = pytest.importorskip("fasttext")
    folder = tmp_path_factory.mktemp("lid")
    labelled = [("eng_Latn", EN), ("deu_Latn", DE), ("yue_Hant", "花崗岩係由石英同長石組成嘅。")]
    lines = [f"__label__{label} {text[cut:]}" for label, text in labelled for cut in range(10)]
    (folder / "train.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    trained = fasttext.train_supervised(
        str(folder / "train.txt"), minn=1, maxn=3, dim=8, epoch=100, lr=0.5, thread=1, verbose=0, bucket=5000
    )
    trained.save_model(str(folder / "lid.bin"))
    return folder / "lid.bin"


def verdicts(stage: Language, *texts: str) -> list[str]:
    signals = stage.annotate(TextView(pa.array(texts, pa.large_string())))
    drops: list[str] = decide(stage.rules(), signals, len(texts))["drop"].to_pylist()
    return drops


def test_without_wanted_languages_documents_are_only_labelled() -> None:
    stage = Language(model=None)
    assert verdicts(stage, EN, DE, ZH, "", "12") == [""] * 5
    assert stage.annotate(TextView(pa.array([EN, DE, ZH, "", "12"])))["lang"].to_pylist() == ["en", "de", "zh", "und", "und"]


def test_other_languages_and_low_scores_are_rejected() -> None:
    stage = Language(model=None, languages={"en": 0.5, "zh": 0.9})
    assert verdicts(stage, EN, ZH, DE, "", f"{ZH} {EN[:12]}") == ["", "", "language", "language", "language_score"]


def test_a_score_that_just_suffices_is_kept() -> None:
    score = Language(model=None).annotate(TextView(pa.array([EN])))["lang_score"][0].as_py()
    assert verdicts(Language(model=None, languages={"en": score}), EN) == [""]


def test_a_language_that_cannot_be_told_without_a_model_is_refused() -> None:
    with pytest.raises(ValueError, match=r"unknown sv; without a model, languages that can be told are: .*\bzh\b"):
        Language(model=None, languages={"sv": 0.5, "zh": 0.5})


def test_the_model_is_a_choice_that_has_to_be_made() -> None:
    with pytest.raises(ValueError, match="model"):
        Language()  # type: ignore[call-arg]


def test_labels_of_a_model_become_short_codes(model: Path, tmp_path: Path) -> None:
    stage = Language(model=model, languages={"en": 0.5, "yue_Hant": 0.5})
    stage.prepare({}, tmp_path)
    signals = stage.annotate(TextView(pa.array([EN, DE, "花崗岩係由石英同長石組成嘅。", " \n", "42"])))
    assert signals["lang"].to_pylist() == ["en", "de", "yue_Hant", "und", "und"]
    assert all(0.5 < score <= 1 for score in signals["lang_score"].to_pylist()[:3])


def test_a_language_that_the_model_does_not_know_is_refused(model: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"unknown zh; .*lid.bin knows: de, en, yue_Hant"):
        Language(model=model, languages={"zh": 0.5}).prepare({}, tmp_path)


def test_a_file_that_is_no_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "lid.bin").write_bytes(b"no model")
    with pytest.raises(InputError, match=r"lid.bin: no fastText model"):
        Language(model=tmp_path / "lid.bin").prepare({}, tmp_path)


def test_a_stage_with_a_loaded_model_can_be_sent_to_a_worker(model: Path) -> None:
    stage = Language(model=model)
    before = stage.annotate(TextView(pa.array([EN])))
    assert pickle.loads(pickle.dumps(stage)).annotate(TextView(pa.array([EN]))) == before


@settings(deadline=None)
@given(strategies.documents)
def test_any_text_gets_the_same_answer_alone_and_in_a_batch(text: str) -> None:
    stage = Language(model=None, sample_chars=20)
    alone = stage.annotate(TextView(pa.array([text], pa.large_string())))
    beside = stage.annotate(TextView(pa.array([EN, text], pa.large_string())))
    assert [column[0] for column in alone.values()] == [column[1] for column in beside.values()]


@settings(deadline=None)
@given(strategies.documents)
def test_a_sample_is_one_line_of_no_other_characters(text: str) -> None:
    sample = _sample(text, 20)
    assert len(sample) <= max(20, len(text)) + 3
    assert len(sample) <= 23
    assert "\n" not in sample
    assert set(sample) <= set(text) | {" "}


def test_a_sample_of_a_long_text_comes_from_its_beginning_end_and_between() -> None:
    text = "a" * 1000 + "b" * 1000 + "c" * 1000 + "d" * 1000
    assert Counter(_sample(text, 400)) == {"a": 100, "b": 100, "c": 100, "d": 100, " ": 3}
