"""Runs stock rensa and datasketch for tools/bench, in an interpreter of its own: one JSON request a line, one answer.

{"job": "sign", "program": "rensa" or "datasketch", "path": JSONL, "lang": "en", "permutations": n, "max_bytes": n}
    -> {"seconds": CPU time from texts to signatures, "num_bytes": text signed}
{"job": "deduplicate", "program": ..., "path": JSONL, "lang": ..., "permutations": n, "threshold": t}
    -> {"seconds": ..., "removed": [line], "pairs": [[line, line]]}: what its index pairs, one of each component kept

Neither has words of its own, so both are given what their users give them: runs of five words, or Chinese characters, joined.
"""

import json
import re
import sys
import time
from functools import lru_cache

import datasketch
import rensa

NGRAM = 5
SEED = 1
BANDS = 32
WORDS = {"en": re.compile(r"\w+"), "zh": re.compile(r"[\u3400-\u9fff]|[^\W\u3400-\u9fff]+")}


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


def shingles(text, lang):
    """Runs of five words, joined by spaces; of a short text all its words."""
    words = WORDS[lang].findall(text.lower())
    return [" ".join(words[place : place + NGRAM]) for place in range(max(1, len(words) - NGRAM + 1))]


def rensa_signatures(texts, lang, permutations):
    """As rensa's users make them in bulk."""
    return rensa.RMinHash.from_token_sets([shingles(text, lang) for text in texts], permutations, SEED)


def datasketch_signatures(texts, lang, permutations):
    """As datasketch's users make them in bulk."""
    return datasketch.MinHash.bulk(
        [[shingle.encode() for shingle in shingles(text, lang)] for text in texts], num_perm=permutations, seed=SEED
    )


SIGNATURES = {"rensa": rensa_signatures, "datasketch": datasketch_signatures}


def rensa_neighbours(signatures, permutations, threshold):
    """For each document the others that rensa's index gives and whose signatures agree enough, as its deduplicator does."""
    index = rensa.RMinHashLSH(threshold, permutations, BANDS)
    index.insert_many(signatures)
    return [[line for line in index.query(each) if each.jaccard(signatures[line]) >= threshold] for each in signatures]


def datasketch_neighbours(signatures, permutations, threshold):
    """For each document the others that datasketch's index gives, whose bands it chooses itself."""
    index = datasketch.MinHashLSH(threshold=threshold, num_perm=permutations)
    for line, each in enumerate(signatures):
        index.insert(line, each)
    return [index.query(each) for each in signatures]


NEIGHBOURS = {"rensa": rensa_neighbours, "datasketch": datasketch_neighbours}


def all_but_first(count, pairs):
    """Every document but the first of each component."""
    root = list(range(count))

    def find(line):
        while root[line] != line:
            root[line] = root[root[line]]
            line = root[line]
        return line

    for one, other in pairs:
        first, second = sorted((find(one), find(other)))
        root[second] = first
    return [line for line in range(count) if find(line) != line]


def sign(request):
    """Signatures of documents that are in memory."""
    texts, size = texts_of(request["path"], request["max_bytes"])
    began = time.process_time()
    SIGNATURES[request["program"]](texts, request["lang"], request["permutations"])
    return {"seconds": time.process_time() - began, "num_bytes": size}


def deduplicate(request):
    """Signatures, candidates, components."""
    texts, _ = texts_of(request["path"], float("inf"))
    began = time.process_time()
    signatures = SIGNATURES[request["program"]](texts, request["lang"], request["permutations"])
    neighbours = NEIGHBOURS[request["program"]](signatures, request["permutations"], request["threshold"])
    pairs = sorted({(min(a, b), max(a, b)) for a, others in enumerate(neighbours) for b in others if a != b})
    removed = all_but_first(len(texts), pairs)
    return {"seconds": time.process_time() - began, "removed": removed, "pairs": pairs}


def main():
    """Answer requests until the input ends."""
    answers = sys.stdout
    sys.stdout = sys.stderr  # what libraries print is no answer
    for line in sys.stdin:
        request = json.loads(line)
        answer = {"sign": sign, "deduplicate": deduplicate}[request["job"]](request)
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
