"""A local S3 server (moto) that notes every request and, where told to, fails: what tests of remote files run against."""

import os
import socket
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

import boto3
from moto.core import DEFAULT_ACCOUNT_ID
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from moto.s3.models import s3_backends
from werkzeug.serving import make_server

SLOW_DOWN = b"<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"
DENIED = b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"


class QuietHandler(MotoRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:
        pass


@dataclass(frozen=True)
class Request:
    """One request: method, key (path without the bucket) and the range header."""

    method: str
    bucket: str
    key: str
    range: str
    is_listing: bool

    @property
    def num_bytes(self) -> int:
        """Bytes asked for by the range."""
        begin, _, end = self.range.removeprefix("bytes=").partition("-")
        return int(end) - int(begin) + 1


@dataclass
class S3Server:
    """What the server was asked, and what to do with the requests to come: `fault` gives how one fails, or None."""

    client: Any
    endpoint: str
    requests: list[Request] = field(default_factory=list)
    fault: Callable[[Request], str | None] | None = None
    on_request: Callable[[Request], None] | None = None

    def bucket(self) -> str:
        """A new bucket; gives its name."""
        name = f"corpus-{uuid.uuid4().hex[:12]}"
        self.client.create_bucket(Bucket=name)
        return name

    def put(self, bucket: str, key: str, content: bytes) -> None:
        self.client.put_object(Bucket=bucket, Key=key, Body=content)

    def put_many(self, bucket: str, keys: list[str]) -> None:
        """Objects of one byte, put into the server's own memory: a thousand requests take seconds."""
        backend = s3_backends[DEFAULT_ACCOUNT_ID]["aws"]
        for key in keys:
            backend.put_object(bucket, key, b"1")

    def get(self, bucket: str, key: str) -> bytes:
        content: bytes = self.client.get_object(Bucket=bucket, Key=key)["Body"].read()
        return content

    def keys(self, bucket: str) -> list[str]:
        return sorted(each["Key"] for each in self.client.list_objects_v2(Bucket=bucket).get("Contents", []))

    def upload(self, folder: Any, bucket: str, prefix: str) -> None:
        """Every file of a folder, hidden ones too."""
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                self.put(bucket, f"{prefix}/{path.relative_to(folder).as_posix()}", path.read_bytes())

    def asked(self, method: str) -> list[Request]:
        """Requests for objects, not listings, in order."""
        return [each for each in self.requests if each.method == method and each.key and not each.is_listing]

    def failing(self, how: str, method: str, times: int = 1) -> None:
        """Let the next `times` requests of a method for objects fail: "503", "403", "reset" or "short"."""
        left = [times]

        def fault(request: Request) -> str | None:
            if request.method != method or not request.key or left[0] == 0:
                return None
            left[0] -= 1
            return how

        self.fault = fault

    def application(self, inner: Callable[..., Any]) -> Callable[..., Any]:
        def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
            bucket, _, key = environ["PATH_INFO"].lstrip("/").partition("/")
            query = environ.get("QUERY_STRING", "")
            request = Request(environ["REQUEST_METHOD"], bucket, key, environ.get("HTTP_RANGE", ""), "list-type" in query)
            if environ.get("HTTP_USER_AGENT", "").endswith("arrange"):
                return inner(environ, start_response)
            self.requests.append(request)
            if self.on_request is not None:
                self.on_request(request)
            how = self.fault(request) if self.fault is not None else None
            if how is None:
                return inner(environ, start_response)
            environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            if how == "short":  # promises more than it sends, and hangs up
                start_response("206 Partial Content", [("Content-Length", "100000"), ("ETag", '"x"')])
                return [b"x" * 10]
            if how == "reset":
                environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
                raise ConnectionAbortedError
            body = SLOW_DOWN if how == "503" else DENIED
            start_response("503 Slow Down" if how == "503" else "403 Forbidden", [("Content-Type", "application/xml")])
            return [] if request.method == "HEAD" else [body]

        return answer


@contextmanager
def s3_server() -> Iterator[S3Server]:
    """The server on a free port, with the environment that leads to it; libraries try each request once."""
    environment = {
        "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "secret-of-the-test", "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_MAX_ATTEMPTS": "1", "AWS_EC2_METADATA_DISABLED": "true",
    }  # fmt: skip
    holder: list[S3Server] = []
    inner = DomainDispatcherApplication(create_backend_app)

    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        return holder[0].application(inner)(environ, start_response)

    server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=QuietHandler)
    endpoint = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    with mock.patch.dict(os.environ, environment | {"AWS_ENDPOINT_URL": endpoint}):
        config = boto3.session.Config(user_agent_extra="arrange")
        client = boto3.client("s3", config=config)
        holder.append(S3Server(client, endpoint))
        forget_connections()
        yield holder[0]
        forget_connections()
        client.close()
    server.shutdown()
    thread.join()
    server.server_close()


def forget_connections() -> None:
    """What fsspec keeps was made for another environment."""
    import s3fs

    s3fs.S3FileSystem.clear_instance_cache()
