"""What recipes/geo.yaml makes of each shipped sample, against the table in sample_fates.toml."""

import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from corpusforge.engine.run import build
from corpusforge.inspect.folder import BuildFolder, Location
from corpusforge.recipe import load_recipe

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "recipes/samples"
STATED: dict[str, dict[str, str]] = tomllib.loads((Path(__file__).parent / "sample_fates.toml").read_text(encoding="utf-8"))

# Cuts that only tidy, which the table leaves out.
TIDYING = {"whitespace", "too_few_words", "citation"}
# What is no document of that recipe: the vocabulary, the samples of other recipes, and this folder's description.
NO_DOCUMENTS = ("tokenizer/", "tiny/", "sft/", "SOURCE.md")

Document = tuple[str, str]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> BuildFolder:
    out = tmp_path_factory.mktemp("geo")
    build(load_recipe(ROOT / "recipes/geo.yaml"), out)
    return BuildFolder(out)


@pytest.fixture(scope="module")
def names(built: BuildFolder) -> dict[Location, Document]:
    return dict(_names(built))


def test_each_sample_has_its_stated_fate(built: BuildFolder, names: dict[Location, Document]) -> None:
    found = {name: _fate(built, names, place) for place, name in names.items()}
    stated = {(source, key): fate for source, documents in STATED.items() for key, fate in documents.items()}
    differing = [name for name in sorted({*found, *stated}) if found.get(name) != stated.get(name)]
    assert not differing, "\n".join(f"{name}: found {found.get(name)!r}, stated {stated.get(name)!r}" for name in differing)


def test_there_are_at_least_150_samples_and_most_stay() -> None:
    fates = Counter(fate.partition(":")[0] for documents in STATED.values() for fate in documents.values())
    assert fates.total() >= 150
    assert fates["kept"] >= 0.6 * fates.total()


def test_each_file_of_the_samples_belongs_to_a_source(names: dict[Location, Document], built: BuildFolder) -> None:
    origins = {_about(built, place)["origin"] for place in names}
    files = [path.relative_to(SAMPLES).as_posix() for path in sorted(SAMPLES.rglob("*")) if path.is_file()]
    named = [file for file in files if not file.startswith(NO_DOCUMENTS)]
    assert [file for file in named if not any(_is_from(origin, file) for origin in origins)] == []


@pytest.mark.parametrize(
    ("source", "key", "licence"),
    [
        ("pages", "en/drumlin.html", "https://creativecommons.org/licenses/by-sa/4.0/"),
        ("pages", "en/singing-dunes.html", "https://creativecommons.org/licenses/by/4.0/"),
        ("pages", "en/cloud-atlas.html", "https://creativecommons.org/licenses/by-sa/4.0/"),
        ("pages", "zh/danxia.html", "https://creativecommons.org/licenses/by-nc-sa/4.0/"),
        ("papers", "tephra-lake.xml", "https://creativecommons.org/licenses/by/4.0/"),
        ("papers", "moraine-lichens.tei.xml", "https://creativecommons.org/licenses/by/4.0/"),
        ("textbook-en", "darcy-law.rst", "cc0-1.0"),
    ],
)
def test_a_licence_that_a_document_names_leads_to_its_training_samples(
    source: str, key: str, licence: str, built: BuildFolder
) -> None:
    lineage = [row for path in built.out.glob("shards/*.docs.parquet") for row in pq.read_table(path).to_pylist()]
    assert {row["license"] for row in lineage if (row["source"], row["origin"]) == (source, key)} == {licence}


def _names(built: BuildFolder) -> Iterator[tuple[Location, Document]]:
    """Each row with its source and its key: the path of a file; of a record the address, numbered from the second on."""
    for source in built.sources:
        seen: Counter[str] = Counter()
        for part in built.parts_of(source):
            for row, about in enumerate(built.about(source, part.name, range(part.rows))):
                is_record = re.search(r":\d+$", about["origin"]) is not None
                key = (is_record and about["url"]) or about["origin"]
                seen[key] += 1
                yield Location(source, part.name, row), (source, key if seen[key] == 1 else f"{key} ({seen[key]})")


def _fate(built: BuildFolder, names: dict[Location, Document], place: Location) -> str:
    """In the words of the table."""
    for dropped in built.verdicts(place):
        if dropped["witness"]:
            return "duplicate of " + ":".join(names[built.find([dropped["witness"]])[dropped["witness"]]])
        return f"failed: {dropped['message']}" if dropped["failed"] else f"rejected: {dropped['drop']}"
    cuts = {edit["reason"] for step in built.steps_of(place.source) for edit in built.edits_at(step, place)} - TIDYING
    return f"edited: {', '.join(sorted(cuts))}" if cuts else "kept"


def _about(built: BuildFolder, place: Location) -> dict[str, str]:
    return built.about(place.source, place.part, [place.row])[0]


def _is_from(origin: str, file: str) -> bool:
    """Whether an origin, relative to its source's folder, lies in a file: the file itself, a place or a member in it."""
    path = re.sub(r"(:\d+|!/.*)$", "", origin)
    return file == path or file.endswith(f"/{path}")
