from collections.abc import Callable
from pathlib import Path

from report_builds import ROOT
from report_page import Page

RECIPE = f"""\
version: 1
name: charsets
seed: 1
sources:
  - {{name: books, use: source.files, path: books, pipeline: [{{use: extract.markup}}]}}
  - {{name: notes, use: source.jsonl, path: notes.jsonl, meta: [charset]}}
stages: [{{use: vocab.encode, tokenizer: {ROOT / "recipes/samples/tokenizer"}}}]
sink: {{use: index.megatron, layout: documents}}
"""
ZH = "花岗岩含有石英、长石和云母。它在地下约五公里处缓慢冷却，所以晶体粗大，肉眼可见。\n" * 10


def test_charsets_and_bad_bytes_of_kept_documents_are_counted(page_of: Callable[[str], Page], tmp_path: Path) -> None:
    (tmp_path / "books").mkdir()
    contents = {
        "a": ZH.encode("gbk"), "b": ZH.encode("gbk") + b"\xff", "c": ZH.encode() + b"\xff\xff", "d": ZH.encode(), "e": b"\xff",
    }  # fmt: skip
    for name, content in contents.items():
        (tmp_path / f"books/{name}.txt").write_bytes(name.encode() + content)
    (tmp_path / "notes.jsonl").write_text('{"text": "Granite holds quartz.", "charset": 5}\n')
    page = page_of(RECIPE)
    assert page.tables["charsets"] == [
        [
            ["charset", "documents", "with bad bytes", "characters replaced"],
            ["gb18030", "2", "1", "1"],
            ["utf-8", "1", "1", "2"],
        ]
    ]
