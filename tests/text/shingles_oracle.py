"""Shingles by script and of characters, the slow and obvious way: every run looked for from its start."""

import minhash_oracle
import oracle


def weighed_shingles(text: str, ngram: int, cjk_ngram: int) -> list[tuple[str, ...]]:
    """The shortest run from every word that weighs enough; all words where none does."""
    words = minhash_oracle.words(text)
    weights = [ngram if oracle.kind(word[0]) == "C" else cjk_ngram for word in words]
    runs = []
    for begin in range(len(words)):
        heavy = [end for end in range(begin + 1, len(words) + 1) if sum(weights[begin:end]) >= ngram * cjk_ngram]
        runs += [tuple(words[begin : heavy[0]])] if heavy else []
    return runs or ([tuple(words)] if words else [])


def character_shingles(text: str, ngram: int) -> list[str]:
    """Every run of characters, folded, blanks made one; of a short text all of them."""
    plain = "".join(map(minhash_oracle.fold, " ".join(text.split())))
    return [plain[i : i + ngram] for i in range(max(1, len(plain) - ngram + 1))] if plain else []
