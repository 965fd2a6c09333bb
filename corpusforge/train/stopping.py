"""Signals: the first asks training to save and end after the step it is in, a second ends it at once."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGTERM, signal.SIGINT)


class StopRequest:
    """Whether a signal has come. State: that one."""

    def __init__(self) -> None:
        """None has come yet."""
        self.name = ""

    def __bool__(self) -> bool:
        return bool(self.name)

    def note(self, number: int, _frame: FrameType | None) -> None:
        """Handle a signal: remember it; at a second one end as if there were no handler."""
        if self.name:
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)
        self.name = signal.Signals(number).name


@contextmanager
def stop_requests() -> Iterator[StopRequest]:
    """Listen for signals while the block runs."""
    request = StopRequest()
    before = {number: signal.signal(number, request.note) for number in SIGNALS}
    try:
        yield request
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
