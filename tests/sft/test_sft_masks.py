"""Loss falls on the answers and on nothing else: what the labelled tokens spell, read without the code that labelled them."""

from collections.abc import Callable, Sequence
from pathlib import Path

import orjson
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpusforge.sft.rows import Rows
from corpusforge.source.json import Json

# What a template writes between the prompt and the answer, and between the answer and the token that ends it.
AROUND = {
    "alpaca": ("", ""), "chatml": ("", ""), "literary": (" ", "\n"), "llama-2": (" ", " "), "mozi": ("", ""),
    "vicuna": (" ", ""),
}  # fmt: skip
BYTE_LEVEL, CHATML_ENDS, WITH_EOD_OF_ITS_OWN = "</s>", "<|im_end|>", "<|endoftext|>"
PAIRS = [
    *[(tokenizer, template) for tokenizer in ("sample", BYTE_LEVEL) for template in AROUND if template != "chatml"],
    ("llama", "llama-2"),
    (CHATML_ENDS, "chatml"),
    (WITH_EOD_OF_ITS_OWN, "chatml"),
]

LITERARY = "<s>Human: 问一\n</s><s>Assistant: 答一\n</s><s>Human: two\n</s><s>Assistant: Answer two\n</s>"
ROWS: list[tuple[str, object, list[str]]] = [
    ("alpaca", {"instruction": "Why?", "input": "", "output": "So </s> it is."}, ["So </s> it is."]),
    ("alpaca", {"instruction": "为什么？", "input": "背景", "output": " 因为。", "history": [["a", "b"]]}, ["b", " 因为。"]),
    ("sharegpt", {"conversations": [{"from": "human", "value": "hi"}, {"from": "gpt", "value": "[/INST] hi"}]}, ["[/INST] hi"]),
    (
        "messages",
        {"messages": [{"role": r, "content": c} for r, c in (("system", "S"), ("user", "u"), ("assistant", "<|im_end|>"))]},
        ["<|im_end|>"],
    ),
    ("knowlm", {"cate": "x", "instruction": {"schema": ["r"]}, "input": "t", "output": [["h", "r", "t"]]}, ['[["h","r","t"]]']),
    ("qasper", {"question": "q", "answer": "* span\n", "evidence": ["e", "f"], "yes_no": False}, ["* span\n"]),
    ("literary", {"text": LITERARY}, ["答一", "Answer two"]),
]

Rendering = Callable[..., tuple]


def rendered(made: tuple, records: Sequence[object], name: str = "auto") -> list[dict]:
    stage, artifacts, _ = made
    batch = pa.record_batch({"text": pa.array([orjson.dumps(record).decode() for record in records], pa.large_string())})
    return stage.apply(Rows(format=name).apply(batch, {}), artifacts).to_pylist()


def conversation(questions: Sequence[str], answers: Sequence[str]) -> dict[str, object]:
    spoken = [("user", q, "assistant", a) for q, a in zip(questions, answers, strict=True)]
    return {"messages": [{"role": r, "content": c} for each in spoken for r, c in (each[:2], each[2:])]}


@pytest.mark.parametrize(("tokenizer", "template"), PAIRS)
@pytest.mark.parametrize(("name", "record", "answers"), ROWS, ids=[row[0] for row in ROWS])
def test_labelled_tokens_spell_the_answers_and_the_token_that_ends_each(
    tokenizer: str, template: str, name: str, record: object, answers: list[str], rendering: Rendering
) -> None:
    made = rendering(tokenizer, template)
    [row] = rendered(made, [record], name)
    lead, tail = AROUND[template]
    end = "<|im_end|>" if template == "chatml" else "</s>"
    assert row["drop"] == ""
    assert made[2].answers(row["ids"], row["loss"]) == [(f"{lead}{answer}{tail}", end) for answer in answers]


WORDS = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\u2581"), min_size=1, max_size=8),
    st.sampled_from(
        ["</s>", "<s>", "<|im_end|>", "<|im_start|>assistant\n", "[/INST]", "### Response:\n", "\ue0001\ue001", "{{ 7 * 7 }}",
         "{% raw %}", "ASSISTANT: ", " ", "\n", "岩", "e\u0301", "\U0001f30b"]
    ),
)  # fmt: skip
TURN = st.lists(WORDS, min_size=1, max_size=5).map("".join).filter(str.strip)


@pytest.mark.parametrize(
    ("tokenizer", "template"), [("sample", "vicuna"), ("sample", "alpaca"), (BYTE_LEVEL, "literary"), (CHATML_ENDS, "chatml")]
)
@settings(max_examples=50, deadline=None)
@given(turns=st.lists(st.tuples(TURN, TURN), min_size=1, max_size=3))
def test_whatever_turns_say_loss_falls_on_the_answers(
    tokenizer: str, template: str, turns: list[tuple[str, str]], rendering: Rendering
) -> None:
    made = rendering(tokenizer, template)
    questions, answers = zip(*turns, strict=True)
    [row] = rendered(made, [conversation(questions, answers)])
    lead, tail = AROUND[template]
    assert [words for words, _ in made[2].answers(row["ids"], row["loss"])] == [f"{lead}{answer}{tail}" for answer in answers]


@pytest.mark.parametrize(("tokenizer", "template"), [pair for pair in PAIRS if pair[0] != "llama"])
def test_special_tokens_come_from_the_template_alone(tokenizer: str, template: str, rendering: Rendering) -> None:
    stage, artifacts, reading = rendering(tokenizer, template)
    plain, spiked = "a", "</s><s><|im_end|><|im_start|><|endoftext|><unk>"
    counts = [
        [number in reading.special for number in row["ids"]].count(True)
        for row in rendered((stage, artifacts, reading), [conversation([plain], [plain]), conversation([spiked], [spiked])])
    ]
    assert counts[0] == counts[1]


def test_an_end_token_that_is_the_eod_stands_once_and_bears_loss(rendering: Rendering) -> None:
    made = rendering("</s>", "alpaca")
    [row] = rendered(made, [conversation(["q"], ["a"])])
    assert made[2].eod not in row["ids"]
    assert row["loss"][-2:] == [True, True]


def test_an_eod_behind_another_end_token_bears_none(rendering: Rendering) -> None:
    made = rendering("<|endoftext|>", "chatml")
    [row] = rendered(made, [conversation(["q"], ["a"])])
    assert made[2].spelled(row["ids"]).endswith("a<|im_end|>")
    assert row["loss"][-2:] == [True, False]


def test_the_last_answer_alone_or_everything_may_bear_loss(rendering: Rendering) -> None:
    record = conversation(["one?", "two?"], ["First.", "Second."])
    last, everything = rendering("</s>", "vicuna", loss="last_answer"), rendering("</s>", "vicuna", loss="everything")
    [row] = rendered(last, [record])
    assert last[2].answers(row["ids"], row["loss"]) == [(" Second.", "</s>")]
    [row] = rendered(everything, [record])
    assert row["loss"] == [True] * (len(row["ids"]) + 1)


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize(("tokenizer", "template"), [("llama", "llama-2"), (CHATML_ENDS, "chatml")])
def test_of_the_alpaca_demos_loss_falls_on_every_output(
    language: str, tokenizer: str, template: str, rendering: Rendering
) -> None:
    path = Path(__file__).parents[2] / f"../shared/data/sft/alpaca_{language}_demo.json"
    if not path.exists():
        pytest.skip(f"no rows at {path}")
    source = Json(path=str(path), columns={"text": "*"})
    given = [
        text for shard in source.shards(source.files()) for batch in source.read(shard) for text in batch["text"].to_pylist()
    ]
    records = orjson.loads(path.read_bytes())
    assert [orjson.loads(text) for text in given] == records
    made = rendering(tokenizer, template)
    lead, tail = AROUND[template]
    found = [made[2].answers(row["ids"], row["loss"]) for row in rendered(made, records)]
    assert [runs[0][0] for runs in found] == [f"{lead}{record['output']}{tail}" for record in records]
    assert {len(runs) for runs in found} == {1}
