"""Runs stock datatrove for tools/bench and tools/quality, in an interpreter of its own: one JSON request a line, one answer.

{"job": "judge", "path": JSONL, "lang": "en", "filters": [...], "max_bytes": n}
    -> {"seconds": CPU time, "num_bytes": text judged, "reasons": "" or why, for each document}
{"job": "read", "path": JSONL}
    -> {"seconds": ..., "num_bytes": ...}
{"job": "build", "path": JSONL, "lang": ..., "tokenizer": tokenizer.json, "eod": ..., "max_bytes": n, "out": folder}
    -> {"seconds": ...}: read, the chain, tokens on disk
{"job": "sign", "path": JSONL, "lang": ..., "max_bytes": n, "out": folder}
    -> {"seconds": ..., "num_bytes": ...}: MinHash signatures of 14 buckets of 8, on disk
{"job": "deduplicate", "path": JSONL, "lang": ..., "max_bytes": n, "out": folder}
    -> {"seconds": ..., "num_bytes": ..., "removed": [line], "pairs": [[line, line]]}: all stages; pairs share a bucket

Seconds are process CPU time of the job alone: packages, models and the documents of `judge` are loaded before.
"""

import json
import struct
import sys
import time
import warnings
from functools import cache, lru_cache
from itertools import combinations
from pathlib import Path

warnings.filterwarnings("ignore")

from datatrove.data import Document  # noqa: E402
from datatrove.pipeline.dedup.minhash import (  # noqa: E402
    MinhashConfig,
    MinhashDedupBuckets,
    MinhashDedupCluster,
    MinhashDedupSignature,
)
from datatrove.pipeline.filters import FineWebQualityFilter, GopherQualityFilter, GopherRepetitionFilter  # noqa: E402
from datatrove.pipeline.filters.c4_filters import C4QualityFilter  # noqa: E402
from datatrove.pipeline.readers import JsonlReader  # noqa: E402
from datatrove.pipeline.tokens import DocumentTokenizer  # noqa: E402
from loguru import logger  # noqa: E402

logger.remove()

# FineWeb's chain, in its order, with its settings; for Chinese the thresholds that FineWeb-2 publishes for cmn_Hani, which
# leaves the rules of C4 out.
FILTERS = {
    "en": {
        "gopher_repetition": (GopherRepetitionFilter, {}),
        "gopher_quality": (GopherQualityFilter, {}),
        "c4": (C4QualityFilter, {"filter_no_terminal_punct": False}),
        "fineweb": (FineWebQualityFilter, {}),
    },
    "zh": {
        "gopher_repetition": (
            GopherRepetitionFilter,
            {
                "dup_line_frac": 0.287,
                "dup_para_frac": 0,
                "dup_line_char_frac": 0,
                "dup_para_char_frac": 0,
                "top_n_grams": ((2, 0.256), (3, 0.201), (4, 0.171)),
                "dup_n_grams": ((5, 0.198), (6, 0.182), (7, 0.167), (8, 0.154), (9, 0.140), (10, 0.127)),
                "language": "cmn",
            },
        ),
        "gopher_quality": (
            GopherQualityFilter,
            {
                "min_avg_word_length": 1,
                "max_avg_word_length": 5,
                "max_non_alpha_words_ratio": 0.735,
                "stop_words": list("的年在月是和日了於·為有被人中为他與後也而由"),
                "language": "cmn",
            },
        ),
        "fineweb": (
            FineWebQualityFilter,
            {
                "line_punct_thr": 0.106,
                "short_line_thr": 999,
                "char_duplicates_ratio": 0.1,
                "new_line_ratio": 0.178,
                "language": "cmn",
            },
        ),
    },
}


@cache
def filter_named(name, lang):
    """One filter with the published settings of its language."""
    kind, settings = FILTERS[lang][name]
    return kind(**settings)


@lru_cache(maxsize=4)
def texts_of(path, max_bytes):
    """Texts of the first documents of a JSONL file, until there are `max_bytes`."""
    texts, size = [], 0
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            if size >= max_bytes:
                break
            texts.append(json.loads(line)["text"])
            size += len(texts[-1].encode())
    return texts, size


def reason(filters, text):
    """Why the first filter that rejects a text does, "" where none does; a filter that raises counts as rejecting."""
    document = Document(text=text, id="0")
    for each in filters:
        try:
            kept = each.filter(document)
        except Exception as error:
            return type(error).__name__
        if kept is not True:
            return kept[1] if isinstance(kept, tuple) else type(each).__name__
    return ""


def judge(request):
    """Verdicts on documents that are in memory."""
    texts, size = texts_of(request["path"], request["max_bytes"])
    filters = [filter_named(name, request["lang"]) for name in request["filters"]]
    reason(filters, texts[0])  # spaCy and jieba load their data on first use
    began = time.process_time()
    reasons = [reason(filters, text) for text in texts]
    return {"seconds": time.process_time() - began, "num_bytes": size, "reasons": reasons}


def read(request):
    """Every document of a JSONL file through datatrove's reader."""
    path = Path(request["path"])
    began = time.process_time()
    size = sum(len(document.text.encode()) for document in JsonlReader(str(path.parent), glob_pattern=path.name).run())
    return {"seconds": time.process_time() - began, "num_bytes": size}


def build(request):
    """Reader, chain and token writer, one after another as datatrove's local executor joins them."""
    path = Path(request["path"])
    filters = [filter_named(name, request["lang"]) for name in FILTERS[request["lang"]]]
    writer = DocumentTokenizer(request["out"], request["tokenizer"], eos_token=request["eod"], shuffle_documents=False)
    began = time.process_time()
    documents = JsonlReader(str(path.parent), glob_pattern=path.name).run()
    for each in filters:
        documents = each.run(documents)
    writer.run(documents)
    return {"seconds": time.process_time() - began}


LANGUAGE = {"en": "eng", "zh": "cmn"}


def signed(texts, lang, out):
    """datatrove's first stage: signatures of documents, sorted, a file for each bucket."""
    documents = (Document(text=text, id=str(line)) for line, text in enumerate(texts))
    MinhashDedupSignature(f"{out}/signatures", MinhashConfig(), language=LANGUAGE[lang]).run(documents, 0, 1)


def sign(request):
    """The first stage on documents that are in memory."""
    texts, size = texts_of(request["path"], request["max_bytes"])
    signed(texts[:1], request["lang"], request["out"])  # spaCy and jieba load their data on first use
    began = time.process_time()
    signed(texts, request["lang"], request["out"])
    return {"seconds": time.process_time() - began, "num_bytes": size}


def deduplicate(request):
    """All stages, one after another as datatrove's local executor runs them."""
    texts, size = texts_of(request["path"], request["max_bytes"])
    out, config = request["out"], MinhashConfig()
    signed(texts[:1], request["lang"], out)
    began = time.process_time()
    signed(texts, request["lang"], out)
    for bucket in range(config.num_buckets):
        MinhashDedupBuckets(f"{out}/signatures", f"{out}/buckets", config=config).run(None, bucket, config.num_buckets)
    MinhashDedupCluster(f"{out}/buckets", f"{out}/clusters", config).run(None, 0, 1)
    seconds = time.process_time() - began
    removed = [
        line for path in Path(f"{out}/clusters").glob("*.remove") for (line,) in struct.iter_unpack("<I", path.read_bytes())
    ]
    return {"seconds": seconds, "num_bytes": size, "removed": removed, "pairs": sorted(sharing(Path(out) / "buckets"))}


def sharing(folder):
    """Pairs of documents that share a bucket; the files hold each with the one before it in the bucket's order."""
    found = set()
    for path in folder.glob("*.dups"):
        together = []
        for _, before, _, line in struct.iter_unpack("<4I", path.read_bytes()):
            if not together or together[-1] != before:
                found.update(combinations(sorted(together), 2))
                together = [before]
            together.append(line)
        found.update(combinations(sorted(together), 2))
    return found


def main():
    """Answer requests until the input ends."""
    answers = sys.stdout
    sys.stdout = sys.stderr  # what libraries print is no answer
    for line in sys.stdin:
        request = json.loads(line)
        jobs = {"judge": judge, "read": read, "build": build, "sign": sign, "deduplicate": deduplicate}
        answer = jobs[request["job"]](request)
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
