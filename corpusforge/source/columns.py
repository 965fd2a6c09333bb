"""Which fields of a record are the document's text, id and facts; a setting that sources of records share."""

from pydantic import Field

from corpusforge.documented import Documented

# Facts about a document that are taken where the record has them.
FACTS = ("url", "lang", "license", "date")

# As columns.text: the whole record.
WHOLE = "*"


class Columns(Documented):
    """Names of fields; a dot leads into an object ("metadata.url") unless a field has the whole name; "" takes none."""

    text: str = Field(default="text", min_length=1)
    """The document itself: required, a string. "*" takes the whole record as JSON, which sft.rows reads."""
    id: str | None = Field(default=None, min_length=1)
    """A field that names each document uniquely; without it, file and position do."""
    url: str = "url"
    """Where the document came from."""
    lang: str = "lang"
    """Language code."""
    license: str = "license"
    """Licence of the document."""
    date: str = "date"
    """Date of the document, in any form."""

    @property
    def takes_whole(self) -> bool:
        """Whether a document is its whole record."""
        return self.text == WHOLE

    @property
    def facts(self) -> tuple[tuple[str, str], ...]:
        """(url | lang | license | date, name of the field), in the order of ABOUT_FIELDS."""
        return tuple((fact, getattr(self, fact)) for fact in FACTS)
