"""From a record of a WARC or ARC file to a row: what kind it is, what the server answered, the body without its wrappings."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import orjson

from corpusforge.core import NO_DOCUMENT, InputFile
from corpusforge.errors import BadShard
from corpusforge.source.content_coding import Oversized, decoded
from corpusforge.source.digests import matches
from corpusforge.source.http_message import Body, Response, response, without_chunks
from corpusforge.source.judge import too_large
from corpusforge.source.media_types import OCTETS, is_any_of, media_type, sniffed, without_parameters
from corpusforge.source.records import MAX_EXCERPT_BYTES
from corpusforge.source.rows import KEPT, About, Row, Verdict
from corpusforge.source.tape import Place, Tape
from corpusforge.source.warc_records import Head, Malformed, read_head

# A head of an HTTP response is not larger; a block may be by so much larger than a document.
_MAX_HTTP_HEAD_BYTES = 2**16

_COPY_AGAIN = "copy or download it again, or exclude it"


class _Payload(NamedTuple):
    """A body with its media type ("" where nobody said it), or why there is none."""

    content: bytes
    mime: str
    verdict: Verdict = KEPT


@dataclass(frozen=True)
class WarcReader:
    """Turns the records of a tape into rows; the fields are those of the source's settings."""

    file: InputFile
    records: Collection[str]
    mime_types: Sequence[str]
    keep_truncated: bool
    verify_digests: bool
    max_bytes: int

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
        where = "the file ends" if end == self.file.size_bytes else f"a task ends at {end}"
        return BadShard(self.file.path, place.offset, f"{where} inside the record that begins at {place}", _COPY_AGAIN)

    def _row(self, tape: Tape, place: Place) -> Row | None:
        """The row of the record that begins here; None where the tape ends inside it."""
        began = tape.position
        head = read_head(tape)
        if head is None:
            return None
        if isinstance(head, Malformed):
            return self._malformed(tape, place, began, head)
        block = tape.take(min(head.size_bytes, self.max_bytes + _MAX_HTTP_HEAD_BYTES))
        size = len(block)
        if size < head.size_bytes:
            size += tape.skip(head.size_bytes - size)
        if size == head.size_bytes:
            return self._judged(place, head, block)
        if not tape.fill(1):
            return None
        what = f"its Content-Length is {head.size_bytes}, but another record begins behind {size} bytes"
        return self._malformed(tape, place, began, Malformed(what, block))

    def _malformed(self, tape: Tape, place: Place, began: int, why: Malformed) -> Row:
        """Reject all bytes up to where the next record begins."""
        found = why.found[:MAX_EXCERPT_BYTES] or tape.peek(MAX_EXCERPT_BYTES)
        if tape.position == began or not tape.begins_record():
            tape.skip_to_record()
        size = tape.position - began
        verdict = Verdict("malformed_record", size, message=f"{why.what}: {size} bytes up to the next record, or to the end")
        return self._given(place, Head("", 0, {}), _Payload(found, "", verdict))

    def _judged(self, place: Place, head: Head, block: bytes) -> Row:
        if head.kind in ("revisit", "continuation"):
            verdict = Verdict(head.kind, message=_WHY_NOT[head.kind])
            return self._given(place, head, _Payload(block, "", verdict))
        if not head.kind:
            verdict = Verdict("malformed_record", head.size_bytes, message="it has no WARC-Type")
            return self._given(place, head, _Payload(block, "", verdict))
        if head.kind not in self.records:
            return self._given(place, Head("", 0, {}), _Payload(b"", "", Verdict(NO_DOCUMENT, message=head.kind)))
        return self._given(place, head, self._payload(head, block))

    def _given(self, place: Place, head: Head, payload: _Payload) -> Row:
        origin = f"{self.file.relative}:{place}"
        url = head.fields.get("warc-target-uri", "")
        if url.startswith("<") and url.endswith(">"):  # as wget writes it
            url = url[1:-1]
        about = About(origin, origin, url, date=head.fields.get("warc-date", ""), meta=_meta(head))
        content = payload.content[:MAX_EXCERPT_BYTES] if payload.verdict.drop else payload.content
        return Row(about, (content, payload.mime), payload.verdict)

    def _payload(self, head: Head, block: bytes) -> _Payload:
        """What a record holds: its block, or the body of the HTTP response in it."""
        declared = head.fields.get("content-type", "")
        is_http = block[:5].upper() == b"HTTP/" if head.kind == "response" else False
        if not is_http and declared.lower().startswith("application/http"):
            verdict = Verdict("malformed_http", message=f"the response begins with {block[:40]!r}, not with a status line")
            return _Payload(block, "", verdict)
        answer = response(block) if is_http else Response(200, {"content-type": declared}, 0)
        if answer is None:
            verdict = Verdict("malformed_http", message=f"the head of the response, {block[:40]!r} ..., does not end or has no status")
            return _Payload(block, "", verdict)
        mime = media_type(answer.fields.get("content-type", ""))
        if not 200 <= answer.status < 300:
            return _Payload(block, mime, Verdict("http_status", answer.status, message=f"the server answered {answer.status}"))
        return self._body(head, answer, block[answer.body :], mime)

    def _body(self, head: Head, answer: Response, stored: bytes, mime: str) -> _Payload:
        is_known = mime != "" and without_parameters(mime) != OCTETS
        if is_known and not is_any_of(mime, self.mime_types):
            return _Payload(stored, mime, _unsupported(mime))
        why_cut_off = _truncated(head)
        if why_cut_off and not self.keep_truncated:
            return _Payload(stored, mime, Verdict("truncated", len(stored), message=why_cut_off))
        if head.size_bytes - answer.body > self.max_bytes:
            return _Payload(stored, mime, too_large(head.size_bytes - answer.body, self.max_bytes, "body"))
        try:
            body = self._unwrapped(answer, stored)
        except Oversized as coding:
            message = f"the body has more than {self.max_bytes} bytes without its {coding}, max_document_bytes is {self.max_bytes}"
            return _Payload(stored, mime, Verdict("too_large", self.max_bytes + 1, self.max_bytes, message))
        if not is_known:
            mime = media_type(head.fields.get("warc-identified-payload-type", "")) or sniffed(body.content)
        return _Payload(body.content, mime, self._about_body(head, stored, body, mime))

    def _unwrapped(self, answer: Response, stored: bytes) -> Body:
        """The body without chunks and codings; raises Oversized."""
        body = Body(stored)
        if "chunked" in answer.fields.get("transfer-encoding", "").lower():
            body = without_chunks(stored)
        coding = answer.fields.get("content-encoding", "")
        if not coding or (body.flaw and not body.is_cut_off):
            return body
        inner = decoded(body.content, coding, self.max_bytes)
        return inner if inner.flaw else Body(inner.content, body.flaw, body.is_cut_off)

    def _about_body(self, head: Head, stored: bytes, body: Body, mime: str) -> Verdict:
        if not is_any_of(mime, self.mime_types):
            return _unsupported(mime)
        if body.flaw and not (body.is_cut_off and self.keep_truncated):
            return Verdict("truncated" if body.is_cut_off else "damaged_body", len(body.content), message=body.flaw)
        if not body.content or body.content.isspace():
            return Verdict("empty_document", len(body.content), message=f"the body has {len(body.content)} bytes, all whitespace")
        digest = head.fields.get("warc-payload-digest", "")
        if self.verify_digests and digest:
            # most crawlers mean the body as it is stored, some the body without chunks or codings
            if not any(matches(digest, content) in (True, None) for content in (stored, body.content)):
                return Verdict("digest_mismatch", message=f"the body is not that of WARC-Payload-Digest {digest}")
        return KEPT


_WHY_NOT = {
    "revisit": "the crawler had this page before and kept no second copy",
    "continuation": "it goes on with a record that was cut into segments, which are not joined",
}


def _unsupported(mime: str) -> Verdict:
    return Verdict("unsupported_mime", message=f"{without_parameters(mime)} is none of mime_types")


def _truncated(head: Head) -> str:
    """Why the crawler kept only the beginning; "" where it kept all."""
    if reason := head.fields.get("warc-truncated", ""):
        return f"the crawler kept only the beginning: WARC-Truncated is {reason!r}"
    return "it is the first segment of a longer record" if head.fields.get("warc-segment-number") else ""


def _meta(head: Head) -> str:
    names = {"warc_record_id": "warc-record-id", "payload_digest": "warc-payload-digest", "truncated": "warc-truncated"}
    found = {ours: head.fields[theirs] for ours, theirs in names.items() if theirs in head.fields}
    return orjson.dumps(found, option=orjson.OPT_SORT_KEYS).decode()
