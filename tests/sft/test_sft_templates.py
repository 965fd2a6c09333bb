"""Chat templates: the tokenizer's own, as Hugging Face renders them, and those that cannot be trained with."""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pytest
from chat_tokenizers import SAMPLE, Reading, byte_level

from corpusforge.errors import UserError
from corpusforge.sft.render import Render
from corpusforge.sft.turns import TURNS_FIELD, Turn, joined

QWEN = """{%- if messages[0].role != 'system' %}<|im_start|>system
You are helpful.<|im_end|>
{% endif %}{%- for message in messages %}
{{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>' + '\\n' }}
{%- endfor %}{%- if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"""
TRIMMING = "{% for m in messages %}{{ '<|im_start|>' + m.role + ' ' + m.content | trim + '<|im_end|>' }}{% endfor %}"
TURNS = [Turn("user", "Why? 为什么"), Turn("assistant", "So. 因此。"), Turn("user", "And?"), Turn("assistant", "Thus  x")]


def apply(folder: Path, given: Path, turns: Sequence[Turn], **settings: object) -> dict:
    stage = Render(tokenizer=given, max_tokens=1000, **settings)
    stage.prepare({}, folder)
    text, spans = joined(turns)
    columns = [pa.array([text], pa.large_string()), pa.array([[span._asdict() for span in spans]], TURNS_FIELD.type)]
    [row] = stage.apply(pa.record_batch(columns, names=["text", "turns"]), {"tokenizer": folder / "tokenizer"}).to_pylist()
    return row


@pytest.mark.slow
@pytest.mark.parametrize("system", [[], [Turn("system", "Be brief.")]], ids=["without", "with system"])
def test_tokens_are_those_of_transformers(system: list[Turn], tmp_path: Path) -> None:
    from transformers import AutoTokenizer

    given = byte_level(tmp_path / "given", eos="<|endoftext|>", template=QWEN)
    turns = [*system, *TURNS]
    row = apply(tmp_path, given, turns)
    own = AutoTokenizer.from_pretrained(tmp_path / "tokenizer")
    spoken = [{"role": turn.role, "content": turn.text} for turn in turns]
    expected = own.apply_chat_template(spoken, tokenize=True, return_dict=False)
    assert [*row["ids"], *own("\n").input_ids] == expected
    prompt = own.apply_chat_template(spoken[:-1], tokenize=True, return_dict=False, add_generation_prompt=True)
    assert row["ids"][: len(prompt)] == prompt
    assert row["loss"][len(prompt) - 1 : len(prompt) + 1] == [False, True]


@pytest.mark.slow
@pytest.mark.parametrize("template", ["llama-2", "vicuna", "alpaca", "literary"])
def test_tokens_of_a_sentencepiece_vocabulary_are_those_of_transformers_too(template: str, tmp_path: Path) -> None:
    from transformers import AutoTokenizer

    row = apply(tmp_path, SAMPLE, TURNS, template=template)
    own = AutoTokenizer.from_pretrained(tmp_path / "tokenizer")
    spoken = [{"role": turn.role, "content": turn.text} for turn in TURNS]
    assert [*row["ids"], own.eos_token_id] == own.apply_chat_template(spoken, tokenize=True, return_dict=False)
    prompt = own.apply_chat_template(spoken[:-1], tokenize=True, return_dict=False, add_generation_prompt=True)
    assert row["ids"][: len(prompt)] == prompt
    assert row["loss"][len(prompt) - 1 : len(prompt) + 1] == [False, True]


def test_a_template_that_trims_gets_trimmed_turns(tmp_path: Path) -> None:
    given = byte_level(tmp_path / "given", eos="<|im_end|>", template=TRIMMING)
    row = apply(tmp_path, given, [Turn("user", " q "), Turn("assistant", "\n a ")])
    reading = Reading(tmp_path / "tokenizer")
    assert reading.spelled(row["ids"]) == "<|im_start|>user q<|im_end|><|im_start|>assistant a"
    assert reading.answers(row["ids"], row["loss"]) == [(" a", "<|im_end|>")]


@pytest.mark.parametrize(
    ("template", "reason", "message"),
    [
        (TRIMMING.replace("trim", "upper"), "template_changes_text", "changes the words of a turn"),
        (TRIMMING.replace("m.role + ", "m.content + m.role + "), "turn_repeated", "writes turn 0 of 4 2 times (user)"),
        (TRIMMING.replace("messages %}", "messages[1:] %}"), "turn_left_out", "leaves turn 0 of 4 out (user)"),
        (
            "{% if messages | length > 2 %}{{ raise_exception('too many') }}{% endif %}" + TRIMMING,
            "template_refuses",
            "too many",
        ),
        (TRIMMING + "{{ ''.__class__.__mro__ if messages | length > 2 }}", "template_refuses", "__class__"),
    ],
)
def test_a_row_that_a_template_does_not_keep_is_rejected(template: str, reason: str, message: str, tmp_path: Path) -> None:
    # A short conversation passes, so that the template as such is taken.
    usable = "{% if messages | length < 3 %}" + TRIMMING + "{% else %}" + template + "{% endif %}"
    row = apply(tmp_path, byte_level(tmp_path / "given", eos="<|im_end|>", template=usable), TURNS)
    assert row["drop"] == reason
    assert message in row["message"]


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("", "has no chat template; set template to one of alpaca, chatml, literary"),
        ("{% for %}", r"line 1: .*repair it"),
        ("{% for m in messages %}{{ m.content }}{% endfor %}", "no special token of the tokenizer ends an answer"),
        ("\ue000", r"holds U\+E000"),
        ("{{ strftime_now('%d') }}", "'strftime_now' is undefined"),
    ],
)
def test_a_template_that_cannot_be_trained_with_stops_the_build(template: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=message):
        apply(tmp_path, byte_level(tmp_path / "given", eos="</s>", template=template), TURNS)


def test_a_shipped_template_needs_the_special_tokens_that_it_writes(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"template chatml: no special token .*its special tokens: <unk>, <s>, </s>"):
        apply(tmp_path, SAMPLE, TURNS, template="chatml")


def test_the_tokenizer_of_the_build_has_the_template_in_it(tmp_path: Path) -> None:
    apply(tmp_path, SAMPLE, TURNS, template="vicuna")
    assert "USER: " in (tmp_path / "tokenizer/chat_template.jinja").read_text("utf-8")


def test_template_variables_of_the_recipe_reach_the_template(tmp_path: Path) -> None:
    template = "{{ tone }}" + TRIMMING
    given = byte_level(tmp_path / "given", eos="<|im_end|>", template=template)
    row = apply(tmp_path, given, TURNS[:2], variables={"tone": "calm"})
    assert Reading(tmp_path / "tokenizer").spelled(row["ids"]).startswith("calm<|im_start|>user")


def test_what_is_left_out_is_told_and_an_answer_without_room_is_rejected(tmp_path: Path) -> None:
    given = byte_level(tmp_path / "given", eos="<|im_end|>", template=TRIMMING)
    turns = [*TURNS[:2], Turn("user", "é" * 900), Turn("assistant", "a" * 40)]
    row = apply(tmp_path, given, turns)
    [dropped_question, dropped_answer, cut] = row["edits"]
    text = joined(turns)[0].encode()
    assert text[dropped_question["begin"] : dropped_answer["end"]].decode() == "Why? 为什么\n\nSo. 因此。"
    assert cut["reason"] == "prompt_shortened"
    assert set(text[cut["begin"] : cut["end"]].decode()) == {"é"}
    assert len(row["ids"]) + 1 <= 1000
    long = apply(tmp_path / "two", given, [Turn("user", "q"), Turn("assistant", "岩石" * 900)])
    assert (long["drop"], long["threshold"], long["value"] > 1000) == ("answer_too_long", 1000.0, True)
