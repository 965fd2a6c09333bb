"""A stream of pieces as one tape: look ahead, take, pass over, and say where in the file one stands.

A record may lie in one frame of a compressed file, in several, or in one with others. So a place is that of the frame, and
within it the byte of its content. A record that claims bytes of a frame in which another one begins does not get them.
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from typing import NamedTuple

from corpusforge.errors import BadShard
from corpusforge.source.compression import Content

# Where what begins at an index ends, looking no further than a limit (content, index, limit); -1 where it does not.
FindEnd = Callable[[bytes, int, int], int]

_LINE_BREAKS = re.compile(rb"[\r\n]*")


class Place(NamedTuple):
    """Where a byte lies: offset in the file, of its frame where that is compressed, and bytes before it in the frame."""

    offset: int
    inside: int = 0

    def __str__(self) -> str:
        return f"{self.offset}+{self.inside}" if self.inside else str(self.offset)


class Tape:
    """State: what is held of the pieces, how far one is in it, where the frames begin that are held.

    Damage ends the tape, as the end of the file does; it is kept in `damage`.
    """

    def __init__(self, pieces: Iterator[Content], beginning: re.Pattern[bytes], *, max_beginning: int, is_packed: bool) -> None:
        """Stand before the first piece. `beginning` is how a record begins, in at most `max_beginning` bytes, two or more.

        Where it `is_packed`, the `frame` of a piece is that of all its bytes, else that of the first.
        """
        self.damage: BadShard | None = None
        self._pieces, self._is_packed = pieces, is_packed
        self._beginning, self._max_beginning = beginning, max_beginning
        self._held, self._at = b"", 0
        self._passed, self._end = 0, 0  # positions on the tape of the first byte that is held, and behind the last one
        self._positions, self._frames = list[int](), list[int]()  # of frames: on the tape, in the file
        self._records = list[int]()  # positions of frames in which a record begins at once
        self._opened = 0  # position where the record begins in which we are

    @property
    def position(self) -> int:
        """Bytes of content before where one stands."""
        return self._passed + self._at

    @property
    def place(self) -> Place:
        """Where one stands, which has to be before a byte that is held."""
        number = bisect_right(self._positions, self.position) - 1
        inside = self.position - self._positions[number]
        return Place(self._frames[number], inside) if self._is_packed else Place(self._frames[number] + inside)

    def begins_record(self) -> bool:
        """Whether a record begins here."""
        self.fill(1)
        if self._beginning.match(self._held, self._at):
            return True
        return self.fill(self._max_beginning) > 0 and self._beginning.match(self._held, self._at) is not None

    def fill(self, size_bytes: int) -> int:
        """Hold `size_bytes` from here on, or all there are; gives how many are held."""
        missing = size_bytes - (len(self._held) - self._at)
        if missing > 0:
            parts = [self._held[self._at :]] if self._at < len(self._held) else []
            self._drop()
            while missing > 0 and (piece := self._next()):
                parts.append(piece)
                missing -= len(piece)
            self._held = parts[0] if len(parts) == 1 else b"".join(parts)
        return len(self._held) - self._at

    def peek(self, size_bytes: int) -> bytes:
        """The next bytes, which stay; fewer where the tape ends or a frame with a record of its own begins."""
        held = self.fill(size_bytes)
        return self._held[self._at : self._at + self._own(min(size_bytes, held))]

    def take(self, size_bytes: int) -> memoryview:
        """As `peek`, and go on behind them; nothing is copied, and what is given lasts."""
        held = self.fill(size_bytes)
        begin = self._at
        self._at += self._own(min(size_bytes, held))
        return memoryview(self._held)[begin : self._at]

    def skip(self, size_bytes: int) -> int:
        """Pass over what `take` would give, holding little of it; gives how many bytes these were."""
        skipped = self._own(min(size_bytes, len(self._held) - self._at))
        self._at += skipped
        while skipped < size_bytes and self._at == len(self._held):
            self._drop()
            self._held = self._next()
            if not self._held or self.position in self._records[-1:]:
                break
            self._at = min(size_bytes - skipped, len(self._held))
            skipped += self._at
        return skipped

    def skip_line_breaks(self) -> bool:
        """Pass over CR and LF; gives whether anything comes behind them: there a record begins, or what should be one."""
        while self.fill(1):
            found = _LINE_BREAKS.match(self._held, self._at)
            assert found is not None  # it matches nothing, too
            self._at = found.end()
            if self._at < len(self._held):
                self._opened = self.position
                return True
        return False

    def take_until(self, find_end: FindEnd, max_bytes: int) -> bytes | None:
        """What ends within `max_bytes` from here, as `find_end` says; None, and the tape does not move, where nothing does."""
        size = min(self.fill(1), max_bytes)
        while (end := find_end(self._held, self._at, self._at + size)) < 0:
            before, size = size, min(self.fill(2 * size), max_bytes)
            if size == before:
                return None
        content = self._held[self._at : end]
        self._at = end
        return content

    def skip_to_record(self) -> int:
        """Pass over a byte or more, up to where a line or a frame begins as records do, or to the end; gives how many."""
        began = self.position
        while held := self.fill(2 * self._max_beginning):
            is_last = held < 2 * self._max_beginning
            limit = len(self._held) - (0 if is_last else self._max_beginning)
            found = min(self._beginnings(limit), default=None)
            if found is not None:
                self._at = found
                break
            self._at = limit if is_last else limit - 1  # the last byte may be the end of a line
        return self.position - began

    def _beginnings(self, limit: int) -> Iterator[int]:
        """Where, in what is held, a record begins up to `limit`: the first of those that begin a line, of those in frames."""
        newline = self._held.find(b"\n", self._at, limit)
        while newline >= 0:
            if self._beginning.match(self._held, newline + 1):
                yield newline + 1
                break
            newline = self._held.find(b"\n", newline + 1, limit)
        yield from (each - self._passed for each in self._records if self.position < each <= self._passed + limit)

    def _own(self, size_bytes: int) -> int:
        """How many of the next `size_bytes` come before a frame with a record of its own, as far as frames are held."""
        others = (each - self.position for each in self._records if each > self._opened)
        return max(min(size_bytes, next(others, size_bytes)), 0)

    def _drop(self) -> None:
        """Let go of what is behind."""
        self._passed += self._at
        self._held, self._at = b"", 0

    def _next(self) -> bytes:
        """The next piece that is not empty; b"" at the end."""
        try:
            for frame, content in self._pieces:
                if content:
                    self._note(frame, content)
                    self._end += len(content)
                    return content
        except BadShard as error:
            self.damage = error
        return b""

    def _note(self, frame: int, content: bytes) -> None:
        """Remember where a frame begins, and forget those that end before where we stand."""
        if self._frames and self._frames[-1] == frame:
            return
        behind = max(bisect_right(self._positions, self.position) - 1, 0)
        del self._positions[:behind], self._frames[:behind]
        self._records = [each for each in self._records if each >= self.position]
        self._positions.append(self._end)
        self._frames.append(frame)
        if self._is_packed and self._beginning.match(content):
            self._records.append(self._end)
