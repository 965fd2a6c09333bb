"""A hub in this process: the few answers of huggingface.co that listing and reading a dataset ask for, from a folder."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import unquote, urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"

_ABOUT = [f"/api/datasets/geo/rocks/revision/{name}" for name in (COMMIT, "main")]
_TREE = "/api/datasets/geo/rocks/tree/"
_FILES = f"/datasets/geo/rocks/resolve/{COMMIT}/"


class FakeHub:
    """The dataset geo/rocks with the files of a folder, at one commit, which is main."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder, self.url = folder, url
        self.requests: list[tuple[str, str, int, int]] = []

    @property
    def environment(self) -> dict[str, str]:
        return {"HF_ENDPOINT": self.url, "HF_HUB_DISABLE_TELEMETRY": "1"}

    def entries(self) -> list[dict[str, object]]:
        """The tree of the repository: folders and files."""
        return [self._entry(path) for path in sorted(self.folder.rglob("*"))]

    def _entry(self, path: Path) -> dict[str, object]:
        name = path.relative_to(self.folder).as_posix()
        if path.is_dir():
            return {"type": "directory", "oid": "0" * 40, "size": 0, "path": name}
        content = path.read_bytes()
        return {"type": "file", "oid": _sha1(content), "size": len(content), "path": name}


class _Server(ThreadingHTTPServer):
    hub: FakeHub


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def log_message(self, *_: object) -> None:
        pass

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path)
        if path.startswith(_TREE):
            below = path.removeprefix(_TREE).partition("/")[2]
            is_deep = "recursive=true" in self.path.lower()
            self._json([each for each in self.server.hub.entries() if _is_below(str(each["path"]), below, is_deep)])
        elif path in _ABOUT:
            self._json({"id": "geo/rocks", "sha": COMMIT, "siblings": [], "tags": [], "private": False, "downloads": 0})
        elif path.startswith(_FILES):
            self._file(path.removeprefix(_FILES))
        else:
            self._nothing("RepoNotFound")

    def _file(self, name: str) -> None:
        file = self.server.hub.folder / name
        if not file.is_file():
            self._nothing("EntryNotFound")
            return
        content, asked = file.read_bytes(), self.headers.get("Range", "")
        first, _, last = asked.removeprefix("bytes=").partition("-")
        begin, end = int(first or 0), min(int(last or len(content) - 1) + 1, len(content))
        self.server.hub.requests.append((name, self.command, begin, end))
        self.send_response(206 if asked else 200)
        if asked:
            self.send_header("Content-Range", f"bytes {begin}-{end - 1}/{len(content)}")
        self.send_header("ETag", f'"{_sha1(content)}"')
        self.send_header("X-Repo-Commit", COMMIT)
        self._body(content[begin:end], "application/octet-stream")

    def _json(self, value: object) -> None:
        self.send_response(200)
        self._body(json.dumps(value).encode(), "application/json")

    def _nothing(self, code: str) -> None:
        self.send_response(404)
        self.send_header("X-Error-Code", code)
        self._body(b"{}", "application/json")

    def _body(self, content: bytes, kind: str) -> None:
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)


def _sha1(content: bytes) -> str:
    return hashlib.sha1(content).hexdigest()


def _is_below(path: str, folder: str, recursive: bool) -> bool:
    rest = path.removeprefix(f"{folder}/") if folder else path
    return (not folder or path.startswith(f"{folder}/")) and (recursive or "/" not in rest)


@contextmanager
def fake_hub(folder: Path) -> Iterator[FakeHub]:
    """A hub on a free port, until the block ends."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.hub = FakeHub(folder, f"http://127.0.0.1:{server.server_port}")
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
