"""The recipe that `corpusforge init` writes."""

from pathlib import Path

from corpusforge.errors import UserError

STARTER = """\
# A CorpusForge recipe. Check it: corpusforge plan {name}. Build it: corpusforge build {name}.
# Everything that changes the output stands here; --set a.b=value overrides a setting, `corpusforge stages` lists what there is.
version: 1
name: {stem}
seed: 7                     # decides the order of documents in the shards

variables:
  data: data                # used below as ${{data}}; a path, relative to this file

sources:                    # each with a name (part of every document id) and a pipeline of its own
  - name: notes
    use: source.files       # one document per file: Markdown, rst, R Markdown, text
    path: "${{data}}"
    exclude: ["LICEN[CS]E*", "README*"]
    license: cc-by-4.0      # of documents that name none themselves
    pipeline: text          # a shipped pipeline: markup to plain text, drop what is too short
  # - name: articles
  #   use: source.jsonl     # one JSON object per line; plain, .gz or .zst
  #   path: "${{data}}/*.jsonl"
  #   columns: {{text: content, id: doc_id, url: link}}
  #   pipeline:
  #     - {{use: filter.length, min_words: 30}}

stages:                     # after the sources have joined
  - use: dedup.exact        # of equal documents, one stays
  - use: vocab.train        # or leave it out and name a tokenizer in vocab.encode
    vocab_size: 16000
  - use: vocab.encode
    # tokenizer: path/to/tokenizer
  - use: split.greedy       # cut at sentence ends, fewest pieces
    max_tokens: 2048

sink:
  use: index.megatron
  layout: pieces            # one sequence per piece; `packed` with seq_length: 2048: rows of whole pieces, for `train`;
                            # `documents`: one per document, without split.greedy
  num_shards: 4
"""


def write_starter(path: Path, force: bool) -> None:
    """Write the starter recipe; raises UserError when the file exists and `force` is not set."""
    if path.exists() and not force:
        raise UserError(f"{path}: exists already; choose another name, or --force to overwrite it")
    stem = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in path.stem.lower()).strip("-")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(STARTER.format(name=path, stem=stem or "corpus"), encoding="utf-8")
