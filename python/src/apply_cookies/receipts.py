"""Receipts: whether cookies were given out to the browser."""

from __future__ import annotations

import asyncio
import enum
import threading
from collections.abc import Generator
from concurrent.futures import Future
from typing import Any

from .errors import ServiceError


class Outcome(enum.Enum):
    """How a receipt ended."""

    RELEASED = "released"
    """The server has given the cookies out. It does not prove that the browser stored them."""
    RELEASED_WITHOUT_BARRIER = "released without barrier"
    """The same, but older tokens of this browser may still be redeemed: there was no room."""
    EXPIRED = "expired"
    """Nobody posted the token in time."""
    UNDELIVERABLE = "undeliverable"
    """The stream ended before the token could be sent."""


class Receipt:
    """The receipt of what travels together. Await it: `outcome = await receipt`.

    What it waits for comes from the service; without one, awaiting it raises `ServiceError`.
    """

    def __init__(self, can_wait: bool) -> None:
        self._can_wait = can_wait
        self._future: Future[Outcome] = Future()
        self._lock = threading.Lock()
        self._open = 0
        self._best = Outcome.RELEASED

    @property
    def outcome(self) -> Outcome | None:
        """The outcome, or `None` while it is open."""
        return self._future.result() if self._future.done() else None

    def wait(self, timeout: float | None = None) -> Outcome:
        """Blocks until the outcome is there. `timeout` is in seconds; `TimeoutError` after it."""
        self._check()
        try:
            return self._future.result(timeout)
        except TimeoutError:
            raise
        except Exception as error:  # Python 3.10 has a class of its own for it.
            raise TimeoutError from error

    def __await__(self) -> Generator[Any, None, Outcome]:
        self._check()
        return asyncio.shield(asyncio.wrap_future(self._future)).__await__()

    def _check(self) -> None:
        if not self._can_wait and not self._future.done():
            raise ServiceError("only the service knows: pass service=, as in ApplyCookies(service='unix:/path')")

    def settle(self, outcome: Outcome) -> None:
        """Ends it. A second outcome changes nothing."""
        with self._lock:
            if not self._future.done():
                self._future.set_result(outcome)

    def expect(self, parts: int) -> None:
        """Says into how many tokens it was split. Each calls `part` once."""
        self._open = parts

    def part(self, outcome: Outcome) -> None:
        """One of its tokens has ended. It is released when all of them are."""
        with self._lock:
            self._open -= 1
            if outcome is Outcome.RELEASED_WITHOUT_BARRIER:
                self._best = outcome
            last = self._open == 0
        if outcome in (Outcome.EXPIRED, Outcome.UNDELIVERABLE):
            self.settle(outcome)
        elif last:
            self.settle(self._best)
