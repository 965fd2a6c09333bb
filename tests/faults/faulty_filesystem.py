"""A read-only file system that shows a folder and fails where it is told to: FUSE's wire protocol, spoken without a library.

    python faulty_filesystem.py FOLDER MOUNTPOINT '{"a.jsonl": {"at": 4096, "errno": 5, "opening": 2}}'

From the second opening of a.jsonl on, reading byte 4096 gives EIO; with errno 0 the file ends there, though its size stays
what it was. Nothing is cached, so a reader meets the fault at exactly that byte. Needs root; prints "mounted" when it stands.
"""

import ctypes
import errno
import json
import os
import stat
import struct
import sys
from pathlib import Path

IN_HEADER = struct.Struct("<IIQQIIII")
OUT_HEADER = struct.Struct("<IiQ")
ATTRIBUTES = struct.Struct("<QQQQQQIIIIIIIIII")
LOOKUP, FORGET, GETATTR, OPEN, READ, RELEASE, FLUSH, INIT, OPENDIR, READDIR, RELEASEDIR = (
    1,
    2,
    3,
    14,
    15,
    18,
    25,
    26,
    27,
    28,
    29,
)
BATCH_FORGET = 42
DIRECT_IO = 1
# The version of the protocol, the largest read; and what needs no answer but that all is well.
WELCOME = struct.pack("<IIIIHHIIHHI7I", 7, 31, 2**20, 0, 12, 9, 2**20, 1, 256, 0, 0, *[0] * 7)
SIMPLE = {INIT: WELCOME, RELEASE: b"", RELEASEDIR: b"", FLUSH: b""}
MAX_REQUEST = 2**20 + 2**12


class Faulty:
    """Nodes by number, openings by path."""

    def __init__(self, folder: Path, faults: dict[str, dict[str, int]]) -> None:
        self.folder, self.faults = folder, faults
        self.nodes = {0: "", 1: ""}  # 0 opens the conversation, 1 is the root
        self.openings: dict[str, int] = {}
        self.handles: dict[int, tuple[str, int]] = {}

    def answer(self, opcode: int, node: int, body: bytes) -> bytes:
        """What to say to a request; raises OSError with the number to give back."""
        relative = self.nodes[node]
        if opcode == LOOKUP:
            return self.entry(f"{relative}/{os.fsdecode(body.rstrip(bytes(1)))}".lstrip("/"))
        if opcode == GETATTR:
            return struct.pack("<QII", 0, 0, 0) + self.attributes(relative)
        if opcode in (OPEN, OPENDIR):
            return self.opened(relative)
        if opcode in (READ, READDIR):
            handle, offset, size = struct.unpack_from("<QQI", body)
            return self.listing(relative, offset, size) if opcode == READDIR else self.read(handle, offset, size)
        if opcode in SIMPLE:
            return SIMPLE[opcode]
        raise OSError(errno.ENOSYS, "")

    def attributes(self, relative: str) -> bytes:
        facts = os.stat(self.folder / relative)
        seconds, nanoseconds = divmod(facts.st_mtime_ns, 10**9)
        times = (seconds, seconds, seconds, nanoseconds, nanoseconds, nanoseconds)
        return ATTRIBUTES.pack(
            facts.st_ino, facts.st_size, -(-facts.st_size // 512), *times, facts.st_mode, facts.st_nlink, 0, 0, 0, 4096, 0
        )

    def entry(self, relative: str) -> bytes:
        attributes = self.attributes(relative)
        number = next((each for each, name in self.nodes.items() if name == relative), len(self.nodes) + 1)
        self.nodes[number] = relative
        return struct.pack("<QQQQII", number, 0, 0, 0, 0, 0) + attributes

    def opened(self, relative: str) -> bytes:
        self.openings[relative] = self.openings.get(relative, 0) + 1
        handle = len(self.handles) + 1
        self.handles[handle] = (relative, self.openings[relative])
        return struct.pack("<QII", handle, DIRECT_IO, 0)

    def read(self, handle: int, offset: int, size: int) -> bytes:
        relative, opening = self.handles[handle]
        fault = self.faults.get(relative)
        if fault is not None and opening >= fault.get("opening", 1):
            if fault["errno"] and offset <= fault["at"] < offset + size:
                size = fault["at"] - offset
                if size == 0:
                    raise OSError(fault["errno"], "")
            elif not fault["errno"]:
                size = max(0, min(size, fault["at"] - offset))
        with (self.folder / relative).open("rb") as file:
            file.seek(offset)
            return file.read(size)

    def listing(self, relative: str, offset: int, size: int) -> bytes:
        entries = sorted(os.scandir(self.folder / relative), key=lambda each: each.name)
        answer = b""
        for number, each in enumerate(entries[offset:], offset + 1):
            name = os.fsencode(each.name)
            kind = stat.S_IFMT(each.stat().st_mode) >> 12
            record = struct.pack("<QQII", each.inode(), number, len(name), kind) + name
            record += bytes(-len(record) % 8)
            if len(answer) + len(record) > size:
                break
            answer += record
        return answer


def serve(folder: Path, mountpoint: Path, faults: dict[str, dict[str, int]]) -> None:
    """Mount, and answer until it is unmounted."""
    device = os.open("/dev/fuse", os.O_RDWR)
    options = f"fd={device},rootmode=40000,user_id=0,group_id=0,allow_other".encode()
    library = ctypes.CDLL(None, use_errno=True)
    if library.mount(b"faulty", os.fsencode(mountpoint), b"fuse", 1 | 2 | 4, options):  # read-only, nosuid, nodev
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    print("mounted", flush=True)  # noqa: T201 - the test waits for it
    faulty = Faulty(folder, faults)
    while True:
        try:
            request = os.read(device, MAX_REQUEST)
        except OSError as error:
            if error.errno == errno.ENODEV:  # unmounted
                return
            continue
        length, opcode, unique, node, *_ = IN_HEADER.unpack_from(request)
        if opcode in (FORGET, BATCH_FORGET):
            continue
        number, body = 0, b""
        try:
            body = faulty.answer(opcode, node, request[IN_HEADER.size : length])
        except OSError as error:
            number = -(error.errno or errno.EIO)
        os.write(device, OUT_HEADER.pack(OUT_HEADER.size + len(body), number, unique) + body)


if __name__ == "__main__":
    serve(Path(sys.argv[1]), Path(sys.argv[2]), json.loads(sys.argv[3]))
