"""Writes the samples that are no text: a crawl, two archives and a Parquet file, from the tables and files beside this one."""

from collections.abc import Callable
from pathlib import Path

from samples.archives import field_notes, logger_files
from samples.parquet import as_parquet
from samples.warc import warc

HERE = Path(__file__).resolve().parent
SAMPLES = HERE.parents[1] / "recipes/samples"

MADE: dict[Path, Callable[[], bytes]] = {
    SAMPLES / "crawl/geo.warc.gz": lambda: warc(HERE / "crawl.toml", HERE / "crawl"),
    SAMPLES / "field/field-notes.zip": lambda: field_notes(HERE / "field"),
    SAMPLES / "field/logger.tar.gz": logger_files,
    SAMPLES / "boreholes.parquet": lambda: as_parquet((HERE / "boreholes.jsonl").read_text(encoding="utf-8")),
}


def main() -> None:
    """Write them all."""
    for path, make in MADE.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(make())
        print(f"{path}: {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
