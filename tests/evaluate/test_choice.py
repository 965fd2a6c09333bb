import json
import zipfile
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="torch is not installed")

from evaluate.small_models import WINDOW, byte_model, plain_ids, plain_likelihood

from corpusforge.errors import InputError, UserError
from corpusforge.evaluate.choice import ChoiceSettings, evaluate_choice
from corpusforge.evaluate.model import LanguageModel
from corpusforge.evaluate.questions import Columns

SHARED = Path(__file__).parents[3] / "shared/data"

ROWS = [
    {"question": "What is granite?", "choices": ["a rock", "a river", "wood"], "answer": "A"},
    {"question": "Which is the oldest?", "choices": ["Trias", "Perm", "Jura", "Kreide", "Tertiär"], "answer": "Perm"},
    {"question": "Basalt is", "choices": ["light", "dark"], "answer": 1},
    {"question": "Slate", "choices": ["splits", "flows", "melts"], "answer": "c"},
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return byte_model(tmp_path_factory.mktemp("choice") / "model")


@pytest.fixture(scope="module")
def model(folder):
    return LanguageModel.load(folder, device="cpu")


def _written(path, rows):
    path.write_text("\n".join(json.dumps(row) for row in rows))
    return path


def _prompts(row):
    """Both prompts and their answers, spelled out."""
    shown = "".join(f"\n{letter}. {choice}" for letter, choice in zip("ABCDE", row["choices"], strict=False))
    letters = [f" {letter}" for letter in "ABCDE"[: len(row["choices"])]]
    return {
        "letter": (f"{row['question']}{shown}\nAnswer:", letters),
        "answer": (f"Question: {row['question']}\nAnswer:", [f" {choice}" for choice in row["choices"]]),
    }


@pytest.mark.parametrize("scoring", ["letter", "answer"])
def test_likelihoods_are_those_of_a_loop_that_reads_one_answer_after_another(tmp_path, folder, model, scoring):
    found = evaluate_choice(model, _written(tmp_path / "q.jsonl", ROWS), None, ChoiceSettings(scoring=(scoring,)))
    for row, answered in zip(ROWS, found["answers"], strict=True):
        context, answers = _prompts(row)[scoring]
        both = [[0, *plain_ids(folder, context), *plain_ids(folder, answer)] for answer in answers]
        counts = [len(plain_ids(folder, answer)) for answer in answers]
        cut = [[0, *ids[1:][-WINDOW:]] if len(ids) > WINDOW + 1 else ids for ids in both]
        assert answered["num_tokens"] == counts
        assert answered["nats"] == pytest.approx(
            [plain_likelihood(folder, *each) for each in zip(cut, counts, strict=True)], abs=1e-4
        )


def test_scores_are_those_of_the_likeliest_choice_by_each_norm(tmp_path, model):
    found = evaluate_choice(model, _written(tmp_path / "q.jsonl", ROWS), None, ChoiceSettings(scoring=("answer",)))
    assert [each["answer"] for each in found["answers"]] == [0, 1, 1, 2]

    def share(divide):
        best = [
            max(range(len(each["nats"])), key=lambda place, each=each: each["nats"][place] / divide(each, place))
            for each in found["answers"]
        ]
        return sum(place == each["answer"] for place, each in zip(best, found["answers"], strict=True)) / 4

    scores = found["scoring"]["answer"]
    assert scores["acc"]["value"] == share(lambda each, place: 1)
    assert scores["acc_norm"]["value"] == share(lambda each, place: len(ROWS[found["answers"].index(each)]["choices"][place]))
    assert scores["acc_per_token"]["value"] == share(lambda each, place: each["num_tokens"][place])
    assert found["guessing"] == pytest.approx((1 / 3 + 1 / 5 + 1 / 2 + 1 / 3) / 4)


@pytest.mark.parametrize("batch_tokens", [1, 200])
def test_how_many_are_read_at_once_does_not_matter(tmp_path, model, batch_tokens):
    data = _written(tmp_path / "q.jsonl", ROWS)
    one, other = (
        evaluate_choice(model, data, None, ChoiceSettings(batch_tokens=size))["answers"] for size in (8192, batch_tokens)
    )
    assert [each["nats"] for each in one] == [pytest.approx(each["nats"], abs=1e-4) for each in other]


def test_the_same_again_is_the_same_to_the_last_bit(tmp_path, model):
    data = _written(tmp_path / "q.jsonl", ROWS)
    assert evaluate_choice(model, data, None, ChoiceSettings()) == evaluate_choice(model, data, None, ChoiceSettings())


def test_a_prompt_that_is_too_long_loses_its_beginning_behind_bos_and_is_counted(tmp_path, folder, model):
    long = {"question": "x" * 300, "choices": ["one", "two"], "answer": "A"}
    found = evaluate_choice(model, _written(tmp_path / "q.jsonl", [long, ROWS[2]]), None, ChoiceSettings(scoring=("answer",)))
    ids = [0, *plain_ids(folder, "x" * 300 + "\nAnswer: one")[-WINDOW:]]
    assert found["scoring"]["answer"]["num_cut"] == 1
    assert found["answers"][0]["nats"][0] == pytest.approx(plain_likelihood(folder, ids, 4), abs=1e-4)


def test_an_answer_that_is_too_long_is_rejected_where_it_is_asked(tmp_path, model):
    rows = [{"question": "Why?", "choices": ["y" * 200, "no"], "answer": "A"}, ROWS[0]]
    found = evaluate_choice(model, _written(tmp_path / "q.jsonl", rows), None, ChoiceSettings())
    letter, answer = found["scoring"]["letter"], found["scoring"]["answer"]
    assert [each["reason"] for each in answer["rejections"]] == ["too_long"]
    assert (letter["acc"]["num_questions"], answer["acc"]["num_questions"]) == (2, 1)


def test_choices_that_are_equally_likely_are_counted_as_ties(tmp_path, model):
    rows = [{"question": "Same?", "choices": ["yes", "yes"], "answer": "B"}, ROWS[0]]
    acc = evaluate_choice(model, _written(tmp_path / "q.jsonl", rows), None, ChoiceSettings(scoring=("answer",)))["scoring"][
        "answer"
    ]["acc"]
    assert acc["num_ties"] == 1


def _zip(path, members):
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return path


HEAD = "id,question,A,B,C,D,answer"


def test_a_zip_is_read_by_split_with_examples_of_each_subject(tmp_path, folder, model):
    data = _zip(
        tmp_path / "ceval.zip",
        {
            "dev/law_dev.csv": f"{HEAD},explanation\n0,法,甲,乙,丙,丁,B,\n",
            "dev/geo_dev.csv": f"{HEAD},explanation\n0,岩,一,二,三,四,D,x\n",
            "val/law_val.csv": f"{HEAD}\n0,问,甲,乙,丙,丁,A\n",
            "val/geo_val.csv": f"{HEAD}\n0,石,一,二,三,四,C\n1,土,一,二,三\n",
            "test/law_test.csv": "id,question,A,B,C,D\n0,问,甲,乙,丙,丁\n",
        },
    )
    found = evaluate_choice(model, data, None, ChoiceSettings(scoring=("letter",), shots=1))
    assert list(found["scoring"]["letter"]["subjects"]) == ["geo", "law"]
    assert [(each["where"], each["reason"]) for each in found["rejections"]] == [("ceval.zip/val/geo_val.csv:3", "row_width")]
    assert found["num_shown"] == 0
    text = "岩\nA. 一\nB. 二\nC. 三\nD. 四\n答案：D\n\n石\nA. 一\nB. 二\nC. 三\nD. 四\n答案："
    ids = [0, *plain_ids(folder, text + "B")[-WINDOW:]]
    assert found["answers"][0]["nats"][1] == pytest.approx(plain_likelihood(folder, ids, 1), abs=1e-4)
    with pytest.raises(InputError, match=r"no question can be scored; the first of 1 rejections: .*no answer"):
        evaluate_choice(model, data, None, ChoiceSettings(split="test"))
    with pytest.raises(InputError, match="its folders are dev, test, val"):
        evaluate_choice(model, data, None, ChoiceSettings(split="train"))


def test_examples_of_the_data_itself_are_not_scored(tmp_path, model):
    data = _written(tmp_path / "q.jsonl", ROWS)
    found = evaluate_choice(model, data, None, ChoiceSettings(shots=2, max_tokens=90))
    assert (found["num_read"], found["num_shown"]) == (4, 2)
    assert found["scoring"]["letter"]["acc"]["num_questions"] == 2
    other = evaluate_choice(model, data, _written(tmp_path / "other.jsonl", ROWS[:2]), ChoiceSettings(shots=2))
    assert other["scoring"]["letter"]["acc"]["num_questions"] == 4
    with pytest.raises(UserError, match=r"q\.jsonl has 4 examples"):
        evaluate_choice(model, data, None, ChoiceSettings(shots=5))


def test_columns_of_any_name_are_mapped(tmp_path, model):
    path = tmp_path / "q.csv"
    path.write_text("frage,x,y,loesung,fach\nIst es so?,ja,nein,2,geo\nUnd?,ja,nein,1,bio\n")
    columns = Columns("frage", ("x", "y"), "loesung", "fach", first_index=1)
    found = evaluate_choice(model, path, None, ChoiceSettings(columns=columns))
    assert [(each["subject"], each["answer"]) for each in found["answers"]] == [("geo", 1), ("bio", 0)] * 2


def test_a_model_without_rows_for_its_tokenizer_is_refused(tmp_path):
    folder = byte_model(tmp_path / "model", rows=100)
    with pytest.raises(InputError, match="and the model has 100 rows"):
        evaluate_choice(LanguageModel.load(folder), _written(tmp_path / "q.jsonl", ROWS), None, ChoiceSettings())


@pytest.mark.slow
@pytest.mark.skipif(not (SHARED / "eval").is_dir(), reason="GeoBench's file is not here")
def test_geobench_runs_to_a_score_with_its_interval():
    stories = LanguageModel.load(SHARED / "models/stories260K", device="cpu")
    data = SHARED / "eval/geobench_apstudy.json"
    found = evaluate_choice(stories, data, None, ChoiceSettings(scoring=("letter",), columns=Columns(subject="id")))
    acc = found["scoring"]["letter"]["acc"]
    assert (found["num_read"], found["num_repeated"]) == (1395, 1)
    assert sorted(each["reason"] for each in found["rejections"]) == ["blank_choice"] * 3 + ["no_question"] * 3
    assert acc["num_questions"] == 1389
    assert acc["low"] < acc["value"] < acc["high"]
    assert found["guessing"] == pytest.approx(0.2)


@pytest.mark.skipif(not (SHARED / "eval").is_dir(), reason="C-Eval's file is not here")
def test_ceval_is_read_as_it_is_released():
    from corpusforge.evaluate.question_files import read_questions

    val, test = (read_questions(SHARED / "eval/ceval.zip", Columns(), split) for split in ("val", "test"))
    assert (len(val.questions), len(val.rejections), len({each.subject for each in val.questions})) == (1346, 0, 52)
    assert (len(test.questions), {each.reason for each in test.rejections}) == (0, {"no_answer"})
