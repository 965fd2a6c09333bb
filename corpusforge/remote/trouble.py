"""What went wrong in a store, in four kinds; every store raises exceptions of its own, and fsspec hands them on.

The text of those exceptions is never shown: it may name the endpoint, or a signed address. What is shown is the status and
the code that the store gave, or the name of the exception.
"""

import re
from typing import Literal, NamedTuple

# missing: nothing is there. refused: not with these credentials. rejected: no such request. passing: may work the next time.
Kind = Literal["missing", "refused", "rejected", "passing"]

_OF_STATUS: dict[int, Kind] = {401: "refused", 403: "refused", 404: "missing", 410: "missing"}
_PASSING_STATUSES = (408, 425, 429)

# Names of what credential chains of the clouds' libraries raise.
_CREDENTIALS = re.compile("Credential|Authentication|Token|SSO")

# Names of what those libraries raise of a request before it leaves.
_NO_REQUEST = re.compile("Validation|Invalid|Unsupported|NoRegion|Unknown")

# Packages whose exceptions tell of connections, beside those that are OSError.
_NETWORK_PACKAGES = ("aiohttp", "aiobotocore", "botocore", "urllib3", "requests", "gcsfs", "google", "azure", "httpx")


class Trouble(NamedTuple):
    """The kind of a failure, and what the store said, for a message."""

    kind: Kind
    said: str


def trouble_of(error: BaseException) -> Trouble | None:
    """What an exception out of fsspec means; None where it is a defect of a program, which shall be seen."""
    kind = _kind(error)
    return None if kind is None else Trouble(kind, _said(error))


def _kind(error: BaseException) -> Kind | None:
    status = _status(error)
    if status is not None and not isinstance(error, PermissionError):
        return _OF_STATUS.get(status, "passing" if status >= 500 or status in _PASSING_STATUSES else "rejected")
    if isinstance(error, PermissionError) or _CREDENTIALS.search(type(error).__name__):
        return "refused"
    if isinstance(error, (FileNotFoundError, IsADirectoryError, NotADirectoryError)):
        # fsspec's http says "not found" of every failure, and gives the real one as the cause
        return (_kind(error.__cause__) if error.__cause__ else None) or "missing"
    if isinstance(error, ValueError) or _NO_REQUEST.search(type(error).__name__):
        return "rejected"
    if isinstance(error, (OSError, EOFError)) or _package(error) in _NETWORK_PACKAGES:
        return "passing"
    return None


def _status(error: BaseException | None) -> int | None:
    """The HTTP status behind an exception, or behind the one that caused it."""
    if error is None:
        return None
    facts = getattr(error, "response", None)
    if isinstance(facts, dict):
        found = facts.get("ResponseMetadata", {}).get("HTTPStatusCode")
    else:
        # Google's `code` is the status; that of aiohttp is 400 where an answer was cut off
        names = ("status", "status_code", *(("code",) if _package(error) in ("gcsfs", "google") else ()))
        found = next((getattr(error, name) for name in names if hasattr(error, name)), None)
    return found if isinstance(found, int) and found >= 400 else _status(error.__cause__)


def _package(error: BaseException) -> str:
    return type(error).__module__.partition(".")[0]


def _said(error: BaseException) -> str:
    status = _status(error)
    code = _code(error)
    if status is not None:
        return f"{code}, HTTP {status}" if code and code != str(status) else f"HTTP {status}"
    return type(error.__cause__ or error).__name__


def _code(error: BaseException | None) -> str:
    """The word that S3 has for a failure, such as SlowDown."""
    if error is None:
        return ""
    facts = getattr(error, "response", None)
    return str(facts.get("Error", {}).get("Code", "")) if isinstance(facts, dict) else _code(error.__cause__)
