"""Changes that happen as a whole or not at all, whatever errors or Ctrl-C come."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def interrupts_deferred() -> Iterator[None]:
    """Let Ctrl-C wait for the end of a step of at most a second that changes state.

    Signals reach the main thread only: elsewhere there is nothing to do.
    """
    handler = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(handler):
        yield
        return
    received = []
    signal.signal(signal.SIGINT, lambda *arguments: received.append(arguments))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)
        if received:
            handler(*received[-1])


class Transaction:
    """Sets the attributes of an object back if an error or Ctrl-C comes.

    What the attributes hold is not copied. Arrays may be changed in place only in the last
    step, after which nothing is set back.

    Parameters
    ----------
    changed : object
        The object.
    """

    def __init__(self, changed: Any) -> None:
        self._attributes = vars(changed)

    def __enter__(self) -> "Transaction":
        self._known = self._attributes.copy()
        self._is_done = False
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: Any) -> None:
        if kind is not None and not self._is_done:
            self._attributes.clear()
            self._attributes.update(self._known)

    @contextmanager
    def last_step(self) -> Iterator[None]:
        """Let Ctrl-C wait; an error must come before arrays have changed."""
        with interrupts_deferred():
            yield
            self._is_done = True
