"""Extract stages that read characters: from the bytes of a document to its text, and what a damaged one costs.

One bad byte loses a character, not the document: it becomes U+FFFD and is counted, and only a document with too many of them is
rejected, with the place of the first.
"""

from dataclasses import replace

from pydantic import Field

from corpusforge.extract.base import Extracted, Extractor
from corpusforge.settings import CharsetName
from corpusforge.text.charsets import Decoded, decode, decode_as
from corpusforge.text.declarations import charset_parameter


class TextExtractor(Extractor):
    """Decodes each document, and has `read` turn its characters into text.

    Rejects as undecodable (value: share of characters replaced) what has too many bad bytes. `meta` gets charset where it is
    not UTF-8, replaced_chars where there are any, unknown_charset where a label is declared that names none.
    """

    charset: CharsetName = ""
    """The charset of all documents, such as gb18030; "" finds it for each: by its mark, as UTF-8, as declared, by its bytes."""
    max_replaced_share: float = Field(default=0.01, ge=0, le=1)
    """Documents with a larger share of characters that are bad bytes are rejected as undecodable."""

    def refusal(self, mime: str) -> str:
        """Why documents of a media type are not read at all, "" where they are."""
        return ""

    def declared(self, raw: bytes, mime: str) -> tuple[str, ...]:
        """Labels of charsets that the header or the document gives, the most trusted first."""
        return (charset_parameter(mime),)

    def read(self, decoded: Decoded, mime: str, url: str) -> Extracted:
        """Text and facts of one decoded document; may raise."""
        raise NotImplementedError

    def extract(self, raw: bytes, mime: str, url: str) -> Extracted:
        """Text and facts of one document; raises what `read` raises."""
        refusal = self.refusal(mime)
        if refusal:
            return Extracted(drop="unsupported_mime", message=refusal)
        decoded = decode_as(raw, self.charset) if self.charset else decode(raw, declared=self.declared(raw, mime))
        share = decoded.num_replaced / len(decoded.text) if decoded.num_replaced else 0.0
        if share > self.max_replaced_share:
            return Extracted(
                drop="undecodable", value=share, threshold=self.max_replaced_share, message=_what_is_bad(raw, decoded)
            )
        found = self.read(decoded, mime, url)
        return replace(found, meta={**found.meta, **_facts(decoded)}) if not found.drop else found


def _what_is_bad(raw: bytes, decoded: Decoded) -> str:
    bad = raw[decoded.first_bad : decoded.first_bad + 4].hex(" ")
    counted = f"{decoded.num_replaced} of {len(decoded.text)} characters are bad bytes in {decoded.charset}"
    return f"{counted}, the first at byte {decoded.first_bad}, found {bad}"


def _facts(decoded: Decoded) -> dict[str, object]:
    facts: dict[str, object] = {}
    if decoded.charset != "utf-8":
        facts["charset"] = decoded.charset
    if decoded.num_replaced:
        facts["replaced_chars"] = decoded.num_replaced
    if decoded.unknown:
        facts["unknown_charset"] = decoded.unknown[0]
    return facts
