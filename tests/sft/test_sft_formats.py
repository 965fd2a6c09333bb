"""From records to turns: every format, and every reason why a record is no conversation."""

import orjson
import pyarrow as pa
import pytest

from corpusforge.sft.rows import Rows

Told = list[tuple[str, str]]


def read(record: object, **settings: object) -> dict:
    content = record if isinstance(record, str) else orjson.dumps(record).decode()
    batch = pa.record_batch({"text": pa.array([content], pa.large_string())})
    [row] = Rows(**settings).apply(batch, {}).to_pylist()
    return row


def told(row: dict) -> Told:
    data = row["text"].encode()
    return [(turn["role"], data[turn["begin"] : turn["end"]].decode()) for turn in row["turns"]]


@pytest.mark.parametrize(
    ("name", "record", "expected"),
    [
        ("auto", {"instruction": "i", "input": "", "output": "o"}, [("user", "i"), ("assistant", "o")]),
        ("auto", {"instruction": "i", "output": "o"}, [("user", "i"), ("assistant", "o")]),
        (
            "alpaca",
            {"instruction": "指令", "input": "输入", "output": "o", "history": [["q", "a"]], "system": "s"},
            [("system", "s"), ("user", "q"), ("assistant", "a"), ("user", "指令"), ("context", "输入"), ("assistant", "o")],
        ),
        ("alpaca", {"instruction": "", "input": "x", "output": "o"}, [("user", ""), ("context", "x"), ("assistant", "o")]),
        (
            "auto",
            {"conversations": [{"from": "human", "value": "h"}, {"from": "gpt", "value": "g"}], "system": "s"},
            [("system", "s"), ("user", "h"), ("assistant", "g")],
        ),
        (
            "auto",
            {"messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "u"},
                          {"role": "assistant", "content": "a"}]},
            [("system", "s"), ("user", "u"), ("assistant", "a")],
        ),
        ("knowlm", {"instruction": {"schema": ["r"]}, "output": ["t"]}, [("user", '{"schema":["r"]}'), ("assistant", '["t"]')]),
        (
            "auto",
            {"question": "q", "answer": "a", "evidence": ["e", "f"]},
            [("context", "e\nf"), ("user", "q"), ("assistant", "a")],
        ),
        (
            "auto",
            {"text": "<s>Human: 问\n</s><s>Assistant: has </s> in it\n</s>\n<s>Human: q\n</s><s>Assistant: a"},
            [("user", "问"), ("assistant", "has </s> in it"), ("user", "q"), ("assistant", "a")],
        ),
    ],
)  # fmt: skip
def test_a_record_gives_its_turns(name: str, record: object, expected: Told) -> None:
    row = read(record, format=name)
    assert (row["drop"], told(row)) == ("", expected)
    assert row["text"] == "\n\n".join(text for _, text in expected)


def test_columns_and_roles_may_have_other_names() -> None:
    mapped = {"columns": {"messages": "log", "role": "who", "content": "what"}, "roles": {"geologist": "assistant"}}
    record = {"log": [{"who": "user", "what": "q"}, {"who": "geologist", "what": "a"}]}
    assert told(read(record, format="messages", **mapped)) == [("user", "q"), ("assistant", "a")]


def messages(*turns: tuple[str, object]) -> dict[str, object]:
    return {"messages": [{"role": role, "content": content} for role, content in turns]}


@pytest.mark.parametrize(
    ("record", "reason", "message"),
    [
        ("{", "invalid_json", "whole records"),
        ("[1]", "not_an_object", "whole records"),
        ({"prompt": "p", "completion": "c"}, "unknown_format", "'prompt', 'completion' fit no format"),
        ({"instruction": "i", "output": "o", "messages": []}, "ambiguous_format", "fit alpaca and messages; name the format"),
        ({"instruction": "i", "output": 7}, "wrong_type", "output holds a number, not a string"),
        ({"instruction": "i", "output": None}, "wrong_type", "output holds null"),
        ({"messages": [{"role": "user"}]}, "missing_column", "no column 'content' (content); the row has 'role'"),
        ({"messages": "hello"}, "wrong_type", "messages holds a string, not a list"),
        ({"text": "plain words"}, "wrong_type", "text begins 'plain words'"),
        ({"text": "<s>Human: q\n</s> and more <s>Assistant: a"}, "no_answer", "the last of 1 turns is the user's"),
        (messages(("user", "q"), ("narrator", "x")), "unknown_role", "turn 1 of messages is of 'narrator'"),
        (
            messages(("assistant", "a"), ("user", "q")),
            "wrong_turn_order",
            "turn 0 is the assistant's where the user's is wanted",
        ),
        (messages(("user", "q"), ("user", "q")), "wrong_turn_order", "turn 1 is the user's"),
        (messages(("user", "q"), ("assistant", "a"), ("system", "s"), ("assistant", "a")), "wrong_turn_order", "turn 2"),
        (messages(("user", "q"), ("assistant", "a"), ("user", "q")), "no_answer", "the last of 3 turns"),
        (messages(("system", "s")), "no_turns", "1 turns"),
        (messages(("user", "q"), ("assistant", " \n")), "empty_answer", "2 characters, all of them blank"),
        (messages(("user", ""), ("assistant", "a")), "empty_prompt", "0 characters"),
        (messages(("user", "q"), ("assistant", "a\0")), "nul_bytes", "1 characters U+0000"),
        (messages(("user", ["parts"]), ("assistant", "a")), "wrong_type", "content holds a list"),
        ({"instruction": "i", "output": "o", "history": [["q"]]}, "wrong_type", "history holds 1 texts"),
    ],
)
def test_what_is_no_conversation_is_rejected_and_says_why(record: object, reason: str, message: str) -> None:
    row = read(record)
    assert row["drop"] == reason
    assert message in row["message"]
    assert row["turns"] == []


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"columns": {"output": "response"}}, "columns are mapped, but format is auto"),
        ({"format": "alpaca", "columns": {"answer": "a"}}, "alpaca has no field 'answer'; its fields are instruction, input"),
        ({"format": "sharegtp"}, "Input should be 'auto'"),
    ],
)
def test_settings_that_mean_nothing_are_refused(settings: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Rows(**settings)
