"""Near-duplicates in whole builds: sound, complete, and as the slow and obvious way decides."""

import random
import sys
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

import orjson
import pytest

sys.path.insert(0, str(Path(__file__).parent))
import minhash_oracle

from corpusforge.dedup.bands import Bands, choose_bands
from corpusforge.dedup.minhash import Minhash
from corpusforge.engine.plan import Plan
from corpusforge.engine.run import build
from corpusforge.engine.store import read_json, read_parquet
from corpusforge.errors import RecipeError
from corpusforge.inspect.folder import open_documents
from corpusforge.inspect.why import why
from corpusforge.recipe import load_recipe

ROOT = Path(__file__).resolve().parents[2]
WORDS = [f"word{i}" for i in range(400)] + list("花岗岩由石英长石和云母组成玄武岩含橄榄石")


def recipe(folder: Path, sources: Sequence[Sequence[str]], **settings: object) -> Path:
    named = []
    for number, texts in enumerate(sources):
        (folder / f"{number}.jsonl").write_bytes(b"".join(orjson.dumps({"text": text}) + b"\n" for text in texts))
        named.append(f"  - {{name: s{number}, use: source.jsonl, path: {number}.jsonl, alarm_share: 1}}")
    stage = orjson.dumps({"use": "dedup.minhash", **settings}, option=orjson.OPT_NON_STR_KEYS).decode()
    encode = f"{{use: vocab.encode, tokenizer: {ROOT / 'recipes/samples/tokenizer'}}}"
    tail = [f"stages: [{stage}, {encode}]", "sink: {use: index.megatron, layout: documents}"]
    (folder / "near.yaml").write_text("\n".join(["version: 1", "name: near", "sources:", *named, *tail]))
    return folder / "near.yaml"


def removed(plan: Plan) -> dict[tuple[int, int], tuple[tuple[int, int], float]]:
    """(source, row) -> (source, row) of the witness, and the similarity; every row is a line of its source's file."""
    documents = open_documents(plan.out)
    step = next(step for step in plan.joined if step.name == "dedup.minhash")
    found = {}
    for number, source in enumerate(documents.sources):
        for part in documents.parts_of(source):
            for row in read_parquet(step.folder / f"{part.name}.verdicts.parquet").to_pylist():
                place = documents.find([row["witness"]])[row["witness"]]
                found[number, row["row"]] = ((int(place.source[1:]), place.row), row["value"])
    return found


def varied(seed: int, count: int, length: int) -> list[str]:
    """Documents of which many are edits of earlier ones: words replaced, dropped, moved, appended."""
    chosen = random.Random(seed)
    texts: list[list[str]] = []
    for _ in range(count):
        if texts and chosen.random() < 0.7:
            words = list(chosen.choice(texts))
            for _ in range(chosen.randrange(0, max(1, length // 12))):
                words[chosen.randrange(len(words))] = chosen.choice(WORDS)
            words = words[chosen.randrange(0, 1 + length // 20) :] + chosen.choices(
                WORDS, k=chosen.randrange(0, 1 + length // 20)
            )
        else:
            words = chosen.choices(WORDS, k=length)
        texts.append(words or ["alone"])
    return [" ".join(words) for words in texts]


def best_first(texts: Sequence[Sequence[str]], out: Path) -> list[tuple[int, int]]:
    """Documents by source, length and id, as the stage ranks them."""
    documents = open_documents(out)
    ids = {}
    for number, source in enumerate(documents.sources):
        for part in documents.parts_of(source):
            for row, each in enumerate(documents.column(source, part.name, "id").to_pylist()):
                ids[number, row] = each
    return sorted(ids, key=lambda place: (place[0], -len(texts[place[0]][place[1]].encode()), ids[place]))


@pytest.mark.parametrize("threshold", [0.6, 0.7, 0.8, 0.9])
def test_what_goes_and_its_witness_are_those_of_all_pairs(threshold: float, tmp_path: Path) -> None:
    texts = [varied(1, 150, 60), varied(1, 60, 60) + varied(2, 40, 60), ["", "一", "two words", "two words."]]
    plan = build(load_recipe(recipe(tmp_path, texts, threshold=threshold, recall=0.999999)), tmp_path / "out")
    order = best_first(texts, tmp_path / "out")
    flat = [texts[source][row] for source, row in order]
    expected = minhash_oracle.removed(flat, range(len(flat)), 5, threshold)
    assert removed(plan) == {order[each]: (order[other], like) for each, (other, like) in expected.items()}


@pytest.mark.parametrize("hashing", ["one_permutation", "datatrove", "nemo_curator"])
def test_whatever_nominates_every_removal_has_a_kept_witness_and_few_pairs_are_missed(hashing: str, tmp_path: Path) -> None:
    texts = varied(1, 250, 120)
    found = removed(build(load_recipe(recipe(tmp_path, [texts], threshold=0.8, hashing=hashing)), tmp_path / "out"))
    sets = [set(minhash_oracle.shingles(text, 5)) for text in texts]
    like = {(a, b): minhash_oracle.jaccard(sets[a], sets[b]) for a, b in combinations(range(len(texts)), 2)}
    true = [pair for pair, each in like.items() if each >= 0.8]
    assert all((0, witness) not in found for _, (_, witness) in ((place, fate[0]) for place, fate in found.items()))
    assert all(each == like[min(row, witness), max(row, witness)] >= 0.8 for (_, row), ((_, witness), each) in found.items())
    missed = [pair for pair in true if (0, pair[0]) not in found and (0, pair[1]) not in found]
    assert len(true) > 50
    assert len(missed) <= {"one_permutation": 0.01, "datatrove": 0.05, "nemo_curator": 0.3}[hashing] * len(true)


def test_without_words_nothing_is_a_duplicate_whatever_signs(tmp_path: Path) -> None:
    path = recipe(tmp_path, [["", "", "...", "...", "a b c d e f"]], hashing="nemo_curator")
    assert removed(build(load_recipe(path), tmp_path / "out")) == {}


@pytest.mark.parametrize(
    ("settings", "gone"),
    [
        ({"ngram": 2, "threshold": 0.6}, True),
        ({"ngram": 2, "cjk_ngram": 6, "threshold": 0.6}, False),  # one character of sixteen is another: 6 of 11 runs stay
        ({"unit": "character", "ngram": 2, "threshold": 0.6}, True),
        ({"unit": "character", "ngram": 6, "threshold": 0.6}, False),
    ],
)
def test_the_length_of_shingles_is_chosen_by_script(settings: dict[str, object], gone: bool, tmp_path: Path) -> None:
    texts = ["花岗岩由石英长石和云母组成玄武", "花岗岩由石英白石和云母组成玄武"]
    assert bool(removed(build(load_recipe(recipe(tmp_path, [texts], **settings)), tmp_path / "out"))) == gone


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"hashing": "datatrove", "permutations": 128}, "hashing: datatrove fixes permutations; leave that out"),
        ({"unit": "character", "cjk_ngram": 3}, "with unit: character leave it out"),
    ],
)
def test_settings_that_exclude_each_other_are_refused(settings: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Minhash(**settings)  # type: ignore[arg-type]


def outputs(out: Path) -> dict[str, bytes]:
    files = [path for path in sorted(out.rglob("*")) if path.is_file()]
    return {
        path.relative_to(out).as_posix(): path.read_bytes()
        for path in files
        if path.name not in ("run.json", ".lock", ".digests.json")
    }


def test_two_workers_give_the_same_bytes(tmp_path: Path) -> None:
    loaded = load_recipe(recipe(tmp_path, [varied(3, 80, 40), varied(4, 80, 40)]))
    build(loaded, tmp_path / "one")
    build(loaded, tmp_path / "two", 2)
    assert outputs(tmp_path / "one") == outputs(tmp_path / "two")


def test_each_document_that_stays_knows_how_many_it_stands_for_and_what_it_is_worth(tmp_path: Path) -> None:
    texts = [["a b c d e f", "A b c d e f.", "a, b c d e f!", "g h i j k", "g h i j k?", "alone in the corpus here"]]
    plan = build(load_recipe(recipe(tmp_path, texts, rehydrate={2: 2, 3: 5})), tmp_path / "out")
    ids = open_documents(plan.out).column("s0", "s0-00000-0000", "id").to_pylist()
    fates = [why(plan.out, each.hex())[0] for each in ids]
    worth = {row: next(step for step in fate.steps if step.stage == "dedup.minhash") for row, fate in enumerate(fates)}
    told = {row: (step.signals["cluster_size"], step.signals["copies"]) for row, step in worth.items() if not step.reason}
    assert sorted(told.values()) == [(1, 1), (2, 2), (3, 5)]
    assert told[5] == (1, 1)


@pytest.mark.parametrize("wrong", [{1: 2}, {3: 0}])
def test_weights_that_make_no_sense_are_refused(wrong: dict[int, int]) -> None:
    with pytest.raises(ValueError, match="cluster sizes are 2 or more and copies 1 or more"):
        Minhash(rehydrate=wrong)


@pytest.mark.parametrize(("scope", "gone"), [("corpus", [1, 2]), ("group", [1]), ("source", [])])
def test_the_scope_says_which_documents_are_compared(scope: str, gone: list[int], tmp_path: Path) -> None:
    path = recipe(tmp_path, [["a b c d e f g"], ["a b c d e f g"], ["a b c d e f g"]], scope=scope)
    path.write_text(path.read_text().replace("s2,", "s2, group: other,"))
    assert [place[0] for place in removed(build(load_recipe(path), tmp_path / "out"))] == gone


def test_the_better_document_stays_where_a_signal_says_so(tmp_path: Path) -> None:
    short, long = "a b c d e f g h i j", "a b c d e f g h i j a b"
    path = recipe(tmp_path, [[short, long]], threshold=0.6, quality="num_words")
    text = path.read_text().replace("alarm_share: 1", "alarm_share: 1, pipeline: [{use: filter.length}]")
    path.write_text(text)
    assert set(removed(build(load_recipe(path), tmp_path / "out"))) == {(0, 0)}


def test_a_signal_that_nobody_measures_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="num_words"):
        load_recipe(recipe(tmp_path, [["a"]], quality="num_words"))


def test_a_hot_bucket_compares_to_leaders_and_stays_sound(tmp_path: Path) -> None:
    texts = varied(5, 120, 50)
    plan = build(load_recipe(recipe(tmp_path, [texts], threshold=0.7, max_bucket=2)), tmp_path / "out")
    sets = [set(minhash_oracle.shingles(text, 5)) for text in texts]
    found = removed(plan)
    assert len(found) > 20
    facts = read_json(plan.joined[0].report)
    assert facts["hot_buckets"] > 0
    assert facts["left_alone"] > 0
    assert facts["candidate_pairs"] > 0
    for (_, row), ((_, witness), like) in found.items():
        assert like == minhash_oracle.jaccard(sets[row], sets[witness]) >= 0.7
        assert (0, witness) not in found


@pytest.mark.parametrize(
    ("threshold", "expected"), [(0.7, Bands(51, 5)), (0.8, Bands(32, 8)), (0.9, Bands(19, 13)), (1.0, Bands(1, 256))]
)
def test_bands_follow_from_threshold_and_recall(threshold: float, expected: Bands) -> None:
    assert choose_bands(256, threshold, 0.995) == expected


@pytest.mark.parametrize(("bands", "similarity", "chance"), [(Bands(14, 8), 0.8, 0.924), (Bands(32, 8), 0.7, 0.850)])
def test_the_curve_is_the_published_one(bands: Bands, similarity: float, chance: float) -> None:
    assert bands.found(similarity) == pytest.approx(chance, abs=0.0006)


def test_the_curve_is_told() -> None:
    (line,) = Minhash(threshold=0.8).remarks()
    assert line.startswith("32 bands of 8; ")
    assert "0.75 96.58%, 0.8 99.72%" in line


def test_a_recall_that_no_bands_reach_is_refused() -> None:
    with pytest.raises(ValueError, match="16 permutations cannot find pairs"):
        Minhash(threshold=0.01, permutations=16)


@pytest.mark.slow
def test_documents_of_sixteen_megabytes_and_of_one_word_over_and_over_are_compared_like_others(tmp_path: Path) -> None:
    chosen = random.Random(6)
    long = " ".join(chosen.choices(WORDS, k=2_200_000))
    edited = long.replace("word7 ", "word8 ", 2000)
    assert 15_500_000 < len(long.encode()) < 16 * 2**20
    texts = [[long, edited], ["word " * 3_000_000, "word " * 2_900_000], ["word", "", "", "word", "word word"]]
    fates = removed(build(load_recipe(recipe(tmp_path, texts, threshold=0.9)), tmp_path / "out"))
    sets = [set(minhash_oracle.shingles(text, 5)) for text in texts[0]]
    assert fates.pop((0, 1)) == ((0, 0), minhash_oracle.jaccard(*sets))
    assert fates.pop((1, 1)) == ((1, 0), 1.0)
    assert fates in ({(2, 0): ((2, 3), 1.0)}, {(2, 3): ((2, 0), 1.0)})  # the better id of two equal ones stays
