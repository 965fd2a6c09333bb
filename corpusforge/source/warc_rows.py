"""From the records of a WARC or ARC file to rows: documents, what is rejected, what is no document."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import orjson

from corpusforge.core import NO_DOCUMENT, InputFile
from corpusforge.errors import BadShard
from corpusforge.source.records import MAX_EXCERPT_BYTES
from corpusforge.source.rows import About, Row, Verdict
from corpusforge.source.tape import Place, Tape
from corpusforge.source.warc_payload import MAX_HTTP_HEAD_BYTES, Payload, PayloadReader
from corpusforge.source.warc_records import Head, Malformed, read_head

_COPY_AGAIN = "copy or download it again, or exclude it"

_NEVER_DOCUMENTS = {
    "revisit": "the crawler had this page before and kept no second copy",
    "continuation": "it goes on with a record that was cut into segments, which are not joined",
}

# Names in `meta`, and fields of a record.
_META = {"warc_record_id": "warc-record-id", "payload_digest": "warc-payload-digest", "truncated": "warc-truncated"}

_NOTHING = Head("", 0, {})


@dataclass(frozen=True)
class WarcReader:
    """Turns the records of one file into rows; `records` are the kinds that are documents."""

    file: InputFile
    records: Collection[str]
    payloads: PayloadReader

    def rows(self, tape: Tape, end: int) -> Iterator[Row]:
        """A row for each record up to the end of the tape, which is at `end` in the file.

        Raises BadShard, behind all rows, where the tape ends in damage or inside a record.
        """
        while tape.skip_line_breaks():
            place = tape.place
            row = self._row(tape, place)
            if row is None:
                raise tape.damage or self._cut_off(place, end)
            yield row
        if tape.damage is not None:
            raise tape.damage

    def _cut_off(self, place: Place, end: int) -> BadShard:
        where = "the file ends" if end == self.file.size_bytes else f"what is taken for the next record, at {end}, lies"
        return BadShard(self.file.path, place.offset, f"{where} inside the record that begins at {place}", _COPY_AGAIN)

    def _row(self, tape: Tape, place: Place) -> Row | None:
        """The row of the record that begins here; None where the tape ends inside it."""
        began = tape.position
        head = read_head(tape)
        if head is None:
            return None
        if isinstance(head, Malformed):
            return self._malformed(tape, place, began, head)
        block = tape.take(min(head.size_bytes, self.payloads.max_bytes + MAX_HTTP_HEAD_BYTES))
        size = len(block)
        if size < head.size_bytes:
            size += tape.skip(head.size_bytes - size)
        if size == head.size_bytes and head.kind:
            return self._judged(place, head, block)
        if size == head.size_bytes:
            verdict = Verdict("malformed_record", tape.position - began, message="it has no WARC-Type")
            return self._given(place, head, Payload(block, "", verdict))
        if not tape.fill(1):
            return None
        what = f"its Content-Length is {head.size_bytes}, but another record begins behind {size} bytes"
        return self._malformed(tape, place, began, Malformed(what, bytes(block[:MAX_EXCERPT_BYTES])))

    def _malformed(self, tape: Tape, place: Place, began: int, why: Malformed) -> Row:
        """Reject all bytes up to where the next record begins."""
        found = why.found or tape.peek(MAX_EXCERPT_BYTES)
        if tape.position == began or not tape.begins_record():
            tape.skip_to_record()
        size = tape.position - began
        verdict = Verdict("malformed_record", size, message=f"{why.what}: {size} bytes up to the next record, or to the end")
        return self._given(place, _NOTHING, Payload(found, "", verdict))

    def _judged(self, place: Place, head: Head, block: memoryview) -> Row:
        if head.kind in self.records:
            return self._given(place, head, self.payloads.payload(head, block))
        if head.kind in _NEVER_DOCUMENTS:
            verdict = Verdict(head.kind, message=_NEVER_DOCUMENTS[head.kind])
            return self._given(place, head, Payload(block, "", verdict))
        return self._given(place, _NOTHING, Payload(b"", "", Verdict(NO_DOCUMENT, message=head.kind)))

    def _given(self, place: Place, head: Head, payload: Payload) -> Row:
        origin = f"{self.file.relative}:{place}"
        url = head.fields.get("warc-target-uri", "")
        if url.startswith("<") and url.endswith(">"):  # as wget writes it
            url = url[1:-1]
        meta = {name: head.fields[field] for name, field in _META.items() if field in head.fields}
        written = orjson.dumps(meta, option=orjson.OPT_SORT_KEYS).decode()
        about = About(origin, origin, url, date=head.fields.get("warc-date", ""), meta=written)
        content = payload.content[:MAX_EXCERPT_BYTES] if payload.verdict.drop else payload.content
        return Row(about, (bytes(content), payload.mime), payload.verdict)
