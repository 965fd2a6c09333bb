"""`corpusforge evaluate ...`: how good a model is, by likelihood."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from corpusforge.commands.arguments import AsJson

evaluate = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Score a model on questions or on text.")

Model = Annotated[Path, typer.Option("--model", help="Folder of the model: a Hugging Face checkpoint with its tokenizer.")]
Bos = Annotated[
    Literal["auto", "yes", "no"], typer.Option("--bos", help="Whether BOS stands first; auto does as the tokenizer itself.")
]
MaxTokens = Annotated[
    int | None,
    typer.Option(
        "--max-tokens", min=2, help="Tokens that are read at most; what the model takes unless given.", show_default=False
    ),
]
BatchTokens = Annotated[int, typer.Option("--batch-tokens", min=1, help="Tokens that are read at once.")]
Format = Annotated[
    Literal["auto", "float32", "bfloat16", "float16"],
    typer.Option("--dtype", help="Format to calculate in; auto is the file's."),
]
Device = Annotated[str, typer.Option("--device", help="cpu, cuda, cuda:1 ...; auto is a GPU where there is one.")]
Result = Annotated[
    Path | None, typer.Option("--out", help="File to write the result to as JSON, with every answer.", show_default=False)
]


@evaluate.command("choice")
def choice_command(
    model: Model,
    data: Annotated[Path, typer.Option("--data", help="Questions: .json, .jsonl, .csv, or C-Eval's zip.")],
    *,
    scoring: Annotated[
        Literal["letter", "answer", "both"],
        typer.Option("--scoring", help="Likelihood of the letter behind shown choices, of the whole answer, or both."),
    ] = "both",
    shots: Annotated[int, typer.Option("--shots", min=0, help="Examples with answers before each question.")] = 0,
    examples: Annotated[
        Path | None,
        typer.Option(
            "--examples", help="File they come from; the zip's --shots-split or the data unless given.", show_default=False
        ),
    ] = None,
    split: Annotated[str, typer.Option("--split", help="Folder of the zip that is scored.")] = "val",
    shots_split: Annotated[str, typer.Option("--shots-split", help="Folder of the zip that examples come from.")] = "dev",
    language: Annotated[
        Literal["en", "zh"] | None,
        typer.Option(
            "--language", help="Of the words around questions; that of most questions unless given.", show_default=False
        ),
    ] = None,
    question: Annotated[str, typer.Option("--question", help="Field with the question.")] = "question",
    choices: Annotated[
        str, typer.Option("--choices", help="Field with the list of choices, or one for each: A,B,C,D.", show_default=False)
    ] = "",
    answer: Annotated[
        str, typer.Option("--answer", help="Field with the answer: its label, its text or its number.", show_default=False)
    ] = "",
    subject: Annotated[str, typer.Option("--subject", help="Field with the subject.", show_default=False)] = "",
    first_index: Annotated[
        int, typer.Option("--first-index", help="Number of the first choice, where answers are numbers.")
    ] = 0,
    bos: Bos = "auto",
    max_tokens: MaxTokens = None,
    batch_tokens: BatchTokens = 4096,
    confidence: Annotated[float, typer.Option("--confidence", min=0.5, max=0.9999, help="Of Wilson's intervals.")] = 0.95,
    dtype: Format = "auto",
    device: Device = "auto",
    out: Result = None,
    as_json: AsJson = False,
) -> None:
    """Score a model on multiple-choice questions: acc and acc_norm with intervals, beside what guessing gives.

    Records that are no question with an answer are counted and listed; prompts that are too long lose their beginning.

    Example: corpusforge evaluate choice --model models/geo-chat --data geobench_apstudy.json --out ap.json
    """
    from corpusforge.evaluate.choice import ChoiceSettings, evaluate_choice
    from corpusforge.evaluate.model import LanguageModel
    from corpusforge.evaluate.questions import Columns
    from corpusforge.terminal.evaluate import print_choice

    columns = Columns(question, tuple(choices.split(",")) if choices else (), answer, subject, first_index)
    settings = ChoiceSettings(
        scoring=("letter", "answer") if scoring == "both" else (scoring,), shots=shots, language=language, columns=columns,
        split=split, shots_split=shots_split, start=bos, max_tokens=max_tokens, batch_tokens=batch_tokens,
        confidence=confidence,
    )  # fmt: skip
    print_choice(evaluate_choice(LanguageModel.load(model, dtype=dtype, device=device), data, examples, settings), out, as_json)


@evaluate.command("text")
def text_command(
    model: Model,
    data: Annotated[
        list[Path], typer.Option("--data", help="Text file, or .jsonl with a text in each line; may be given often.")
    ],
    *,
    column: Annotated[str, typer.Option("--column", help="Field with the text, of .jsonl files.")] = "text",
    stride: Annotated[
        int | None,
        typer.Option("--stride", min=1, help="Tokens scored at once; half of --max-tokens unless given.", show_default=False),
    ] = None,
    bos: Bos = "auto",
    max_tokens: MaxTokens = None,
    batch_tokens: BatchTokens = 4096,
    dtype: Format = "auto",
    device: Device = "auto",
    out: Result = None,
    as_json: AsJson = False,
) -> None:
    """Score a model on text: bits per byte, which compares models with different tokenizers, and token accuracy.

    Example: corpusforge evaluate text --model models/geo --data heldout.jsonl
    """
    from corpusforge.evaluate.model import LanguageModel
    from corpusforge.evaluate.text import TextSettings, evaluate_text
    from corpusforge.terminal.evaluate import print_text

    settings = TextSettings(column=column, start=bos, stride=stride, max_tokens=max_tokens, batch_tokens=batch_tokens)
    print_text(evaluate_text(LanguageModel.load(model, dtype=dtype, device=device), data, settings), out, as_json)
