"""Ways to cut a text into pieces of a unigram model, of which it takes the most probable one."""

from collections.abc import Mapping

# By how much a piece is better than the best way to cut it: far above what float32 loses in a line.
MARGIN = 0.01


def best_cut(text: str, scores: Mapping[str, float]) -> float:
    """Score of the best way to cut a text into two or more pieces, minus infinity where there is none."""
    best = [0.0, *[float("-inf")] * len(text)]
    for end in range(1, len(text) + 1):
        for begin in range(end):
            if end - begin < len(text) and best[begin] > float("-inf"):
                score = scores.get(text[begin:end])
                if score is not None:
                    best[end] = max(best[end], best[begin] + score)
    return best[-1]


def reached(scores: Mapping[str, float]) -> list[str]:
    """Pieces that stand for themselves in some text: no cut of them is as good. Leaving others out changes none of these."""
    return [text for text, score in scores.items() if score >= best_cut(text, scores) + MARGIN]
