"""What a record of a crawl holds: the body of an HTTP response without chunks and codings, or the block itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from corpusforge.source.content_coding import Oversized, decoded
from corpusforge.source.digests import matches
from corpusforge.source.http_message import Body, Response, response, without_chunks
from corpusforge.source.judge import too_large
from corpusforge.source.media_types import OCTETS, is_any_of, media_type, sniffed, without_parameters
from corpusforge.source.rows import KEPT, Verdict
from corpusforge.source.warc_records import Head

# A head of an HTTP response is not larger; a block may be by so much larger than a document.
MAX_HTTP_HEAD_BYTES = 2**16


class Payload(NamedTuple):
    """A body with its media type ("" where nobody said it), or the beginning of what was found and why it is no document."""

    content: bytes | memoryview
    mime: str
    verdict: Verdict = KEPT


@dataclass(frozen=True)
class PayloadReader:
    """Finds the document in a block; the fields are settings of the source."""

    mime_types: Sequence[str]
    keep_truncated: bool
    verify_digests: bool
    max_bytes: int

    def payload(self, head: Head, block: memoryview) -> Payload:
        """What a record holds; `block` is whole, or more of it than a document may have."""
        answer = _answer(head, block)
        if isinstance(answer, Verdict):
            return Payload(block, "", answer)
        stored = block[answer.body :]
        mime = media_type(answer.fields.get("content-type", ""))
        verdict = self._about_head(head, answer, mime)
        if verdict.drop:
            return Payload(stored, mime, verdict)
        try:
            body = _unwrapped(answer, bytes(stored), self.max_bytes)
        except Oversized as coding:
            message = f"without its {coding} coding the body has more than {self.max_bytes} bytes, which is max_document_bytes"
            return Payload(stored, mime, Verdict("too_large", self.max_bytes + 1, self.max_bytes, message))
        if not _is_telling(mime):
            mime = media_type(head.fields.get("warc-identified-payload-type", "")) or sniffed(body.content)
        return Payload(body.content, mime, self._about_body(body, mime) or self._about_digests(head, block, stored, body))

    def _about_head(self, head: Head, answer: Response, mime: str) -> Verdict:
        """Why there is no need to look at the body."""
        if not 200 <= answer.status < 300:
            return Verdict("http_status", answer.status, message=f"the server answered {answer.status}")
        if _is_telling(mime) and not is_any_of(mime, self.mime_types):
            return _unsupported(mime)
        why_cut_off = _why_cut_off(head)
        if why_cut_off and not self.keep_truncated:
            return Verdict("truncated", head.size_bytes - answer.body, message=why_cut_off)
        if head.size_bytes - answer.body > self.max_bytes:
            return too_large(head.size_bytes - answer.body, self.max_bytes, "body")
        return KEPT

    def _about_body(self, body: Body, mime: str) -> Verdict | None:
        if not is_any_of(mime, self.mime_types):
            return _unsupported(mime)
        if body.flaw and not (body.is_cut_off and self.keep_truncated):
            return Verdict("truncated" if body.is_cut_off else "damaged_body", len(body.content), message=body.flaw)
        if not body.content or body.content.isspace():
            return Verdict(
                "empty_document", len(body.content), message=f"the body has {len(body.content)} bytes, all whitespace"
            )
        return None

    def _about_digests(self, head: Head, block: memoryview, stored: memoryview, body: Body) -> Verdict:
        if not self.verify_digests:
            return KEPT
        # most crawlers mean the body as it is stored, some without chunks or codings
        meant: dict[str, tuple[bytes | memoryview, ...]] = {
            "warc-block-digest": (block,),
            "warc-payload-digest": (stored, body.content),
        }
        for name, contents in meant.items():
            digest = head.fields.get(name)
            if digest is not None and not any(matches(digest, content) is not False for content in contents):
                return Verdict("digest_mismatch", message=f"what was crawled does not have its {name}, {digest}")
        return KEPT


def _answer(head: Head, block: memoryview) -> Response | Verdict:
    """The response in a block; a block that is none is as good as an answer of 200 with the type of the record."""
    declared = head.fields.get("content-type", "")
    beginning = bytes(block[:MAX_HTTP_HEAD_BYTES])
    is_declared = declared.lower().startswith("application/http")
    is_http = (is_declared or head.kind == "response") and beginning[:5].upper() == b"HTTP/"
    if is_declared and not is_http:
        return Verdict("malformed_http", message=f"the response begins with {beginning[:40]!r}, not with a status line")
    if not is_http:
        return Response(200, {"content-type": declared}, 0)
    found = response(beginning)
    what = f"the response, {beginning[:40]!r} ..., has no status, or no end of its head in {MAX_HTTP_HEAD_BYTES} bytes"
    return found or Verdict("malformed_http", message=what)


def _unwrapped(answer: Response, stored: bytes, max_bytes: int) -> Body:
    """The body without chunks and codings; raises Oversized."""
    body = Body(stored)
    if "chunked" in answer.fields.get("transfer-encoding", "").lower():
        body = without_chunks(stored)
    coding = answer.fields.get("content-encoding", "")
    if not coding or (body.flaw and not body.is_cut_off):
        return body
    inner = decoded(body.content, coding, max_bytes)
    return inner if inner.flaw else Body(inner.content, body.flaw, body.is_cut_off)


def _is_telling(mime: str) -> bool:
    return mime != "" and without_parameters(mime) != OCTETS


def _unsupported(mime: str) -> Verdict:
    return Verdict("unsupported_mime", message=f"{without_parameters(mime)} is none of mime_types")


def _why_cut_off(head: Head) -> str:
    """Why the crawler kept only the beginning; "" where it kept all."""
    if reason := head.fields.get("warc-truncated", ""):
        return f"the crawler kept only the beginning: WARC-Truncated is {reason!r}"
    return "it is the first segment of a longer record" if head.fields.get("warc-segment-number") else ""
