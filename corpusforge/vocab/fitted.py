"""A trained model cut to the size asked for: what no text gives goes first, then what is worth least."""

from collections.abc import Mapping

from corpusforge.vocab.convert import normal_scores
from corpusforge.vocab.cuts import reached
from corpusforge.vocab.merges import pruned
from corpusforge.vocab.proto import Piece, PieceKind, SentencePieceModel


def fitted(trained: SentencePieceModel, size: int) -> SentencePieceModel:
    """The model with at most `size` ids, or with all characters where those are more; BPE scores fall by 1 from 0."""
    others = [piece for piece in trained.pieces if piece.kind is not PieceKind.NORMAL]
    scores, room = normal_scores(trained.pieces), size - len(others)
    if trained.is_unigram:
        kept = _likeliest(scores, room)
    else:
        kept = {text: -float(rank) for rank, text in enumerate(pruned(scores, room))}
    return trained.with_pieces([*others, *(Piece(text, score, PieceKind.NORMAL) for text, score in kept.items())])


def num_unreachable(trained: SentencePieceModel) -> int:
    """Pieces of the model that no text gives."""
    scores = normal_scores(trained.pieces)
    return len(scores) - len(reached(scores) if trained.is_unigram else pruned(scores, len(scores)))


def _likeliest(scores: Mapping[str, float], limit: int) -> dict[str, float]:
    """All characters, and the longer pieces of the highest scores, in the order given."""
    longer = sorted((text for text in reached(scores) if len(text) > 1), key=lambda text: -scores[text])
    num_characters = sum(len(text) == 1 for text in scores)
    taken = set(longer[: max(limit - num_characters, 0)])
    return {text: score for text, score in scores.items() if len(text) == 1 or text in taken}
