import zipfile

import pytest

from corpusforge.errors import InputError
from corpusforge.evaluate.prompts import language_of, prompt_of
from corpusforge.evaluate.question_files import read_questions
from corpusforge.evaluate.questions import Columns, Question, Rejection, question_of
from corpusforge.evaluate.scores import picked, score_of, wilson

ARC = {"stem": "Hot?", "choices": [{"text": "yes", "label": "1"}, {"text": "no", "label": "2"}]}


@pytest.mark.parametrize(
    ("record", "choices", "answer"),
    [
        ({"question": ARC, "answerKey": "2"}, ("yes", "no"), 1),
        ({"question": "Hot?", "choices": {"text": ["a", "b"], "label": ["A", "B"]}, "answerKey": "B"}, ("a", "b"), 1),
        ({"question": "Hot?", "choices": ["B", "A"], "answer": "A"}, ("B", "A"), 0),
        ({"question": "Hot?", "choices": ["yes", "no"], "answer": "no"}, ("yes", "no"), 1),
        ({"question": "Hot?", "choices": ["yes", "no"], "answer": "0"}, ("yes", "no"), 0),
        ({"question": "Hot?", "choices": [3, 1.5], "answer": 1}, ("3", "1.5"), 1),
        ({"question": " Hot? ", "A": "yes ", "B": "no", "C": "so", "answer": "c"}, ("yes", "no", "so"), 2),
    ],
)
def test_records_of_all_shapes_are_questions(record, choices, answer):
    assert question_of(record, "here:1", "heat", Columns()) == Question("here:1", "heat", "Hot?", choices, answer)


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ([], "no_record"),
        ({"choices": ["a", "b"], "answer": "A"}, "no_question"),
        ({"question": "  ", "choices": ["a", "b"], "answer": "A"}, "no_question"),
        ({"question": "Hot?", "answer": "A"}, "no_choices"),
        ({"question": "Hot?", "choices": ["a"], "answer": "A"}, "no_choices"),
        ({"question": "Hot?", "choices": list("abcdefghijk"), "answer": "A"}, "no_choices"),
        ({"question": "Hot?", "choices": ["a", " "], "answer": "A"}, "blank_choice"),
        ({"question": "Hot?", "A": "a", "B": None, "answer": "A"}, "blank_choice"),
        ({"question": "Hot?", "choices": ["a", "b"]}, "no_answer"),
        ({"question": "Hot?", "choices": ["a", "b"], "answer": ""}, "no_answer"),
        ({"question": "Hot?", "choices": ["a", "b"], "answer": "C"}, "unknown_answer"),
        ({"question": "Hot?", "choices": ["a", "b"], "answer": 2}, "unknown_answer"),
        ({"question": "Hot?", "choices": ["a", "b"], "answer": -1}, "unknown_answer"),
        ({"question": "Hot?", "choices": ["a", "b"], "answer": True}, "unknown_answer"),
        ({"question": "Hot?", "choices": ["no", "no"], "answer": "no"}, "unknown_answer"),
    ],
)
def test_a_record_that_is_no_question_is_rejected_with_its_reason(record, reason):
    found = question_of(record, "here:1", "", Columns())
    assert isinstance(found, Rejection)
    assert (found.where, found.reason) == ("here:1", reason)


def test_lines_that_are_not_json_are_rejections_with_their_number(tmp_path):
    path = tmp_path / "q.jsonl"
    path.write_bytes(b'{"question": "Hot?", "choices": ["a", "b"], "answer": "A"}\n\n{"question"\n\xff\n')
    found = read_questions(path, Columns(), "val")
    assert [(each.where, each.reason) for each in found.rejections] == [("q.jsonl:3", "not_json"), ("q.jsonl:4", "not_json")]
    assert len(found.questions) == 1


@pytest.mark.parametrize(
    ("name", "content", "what"),
    [
        ("q.json", b"[", "not JSON"),
        ("q.json", b"{}", "not a list of questions"),
        ("q.csv", b"question\n\xff", "byte 9 is not UTF-8"),
        ("q.csv", b'question\n"x', "not CSV"),
        ("q.zip", b"PK", "not a zip"),
        ("q.xlsx", b"", "are read from"),
    ],
)
def test_a_file_that_is_damaged_or_of_another_kind_is_refused(tmp_path, name, content, what):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=what):
        read_questions(tmp_path / name, Columns(), "val")
    with pytest.raises(InputError, match="no file there"):
        read_questions(tmp_path / f"no_{name}", Columns(), "val")


def test_a_member_that_says_it_is_huge_is_not_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr("corpusforge.evaluate.question_files._MAX_MEMBER_BYTES", 10)
    with zipfile.ZipFile(tmp_path / "q.zip", "w") as archive:
        archive.writestr("val/law_val.csv", "question,A,B,answer")
    with pytest.raises(InputError, match="19 bytes large"):
        read_questions(tmp_path / "q.zip", Columns(), "val")


LAW = Question("q:1", "law", "Was?", ("dies", "das"), 1)


@pytest.mark.parametrize(
    ("scoring", "language", "context", "answers"),
    [
        ("letter", "en", "Was?\nA. dies\nB. das\nAnswer: B\n\nWas?\nA. dies\nB. das\nAnswer:", (" A", " B")),
        ("answer", "en", "Question: Was?\nAnswer: das\n\nQuestion: Was?\nAnswer:", (" dies", " das")),
        ("letter", "zh", "Was?\nA. dies\nB. das\n答案：B\n\nWas?\nA. dies\nB. das\n答案：", ("A", "B")),
        ("answer", "zh", "问题：Was?\n答案：das\n\n问题：Was?\n答案：", ("dies", "das")),
    ],
)
def test_questions_are_worded_behind_their_examples(scoring, language, context, answers):
    found = prompt_of(LAW, [LAW], scoring, language)
    assert (found.context, found.answers) == (context, answers)


def test_the_language_is_that_of_most_questions():
    chinese = Question("q:2", "", "什么?", ("a", "b"), 0)
    assert [language_of(each) for each in ([LAW, chinese], [LAW, chinese, chinese])] == ["en", "zh"]


@pytest.mark.parametrize(
    ("num_right", "count", "low", "high"),
    [(1, 10, 0.01788, 0.40415), (0, 20, 0.0, 0.16113), (20, 20, 0.83887, 1.0), (81, 263, 0.25530, 0.36620)],
)
def test_wilsons_interval_is_the_published_one(num_right, count, low, high):
    # 81 of 263: Newcombe 1998, table I, doi:10.1002/(SICI)1097-0258(19980430)17:8<857::AID-SIM777>3.0.CO;2-E
    assert wilson(num_right, count, 0.95) == pytest.approx((low, high), abs=2e-5)


@pytest.mark.parametrize(
    ("num_right", "verdict"), [(90, "above guessing"), (50, "not told from guessing"), (10, "below guessing")]
)
def test_a_score_is_told_from_guessing_by_its_interval(num_right, verdict):
    questions = [LAW] * 100
    picks = [(1, False)] * num_right + [(0, True)] * (100 - num_right)
    found = score_of(questions, picks, 0.95)
    assert (found.value, found.num_ties, found.verdict) == (num_right / 100, 100 - num_right, verdict)


def test_the_first_of_the_best_is_picked_and_a_tie_told():
    assert picked([-3.0, -1.0, -1.0]) == (1, True)
    assert picked([-3.0, -1.0, -2.0]) == (1, False)
