"""The service as an app sees it: `/v1/info`, and receipts over one connection."""

from __future__ import annotations

import http.client
import json
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

from .errors import ServiceError
from .http_client import Address, ask
from .receipts import Outcome

log = logging.getLogger("apply_cookies")

Settle: TypeAlias = Callable[[Outcome], None]

# How long the service may take to tell of a token that was posted in its last moment.
_GRACE_MS = 2_000
# The service pings every 15 s.
_SILENCE_S = 40.0


@dataclass(frozen=True)
class Info:
    """What `/v1/info` says. `now` is in milliseconds."""

    prefix: str
    origins: list[str]
    key_ids: list[str]
    now: int
    scope: str | None


@dataclass
class _Watched:
    expires_at: int
    settle: Settle


class Service:
    """The internal API of the service at `address`; over TCP `key` is sent as its bearer."""

    def __init__(self, address: Address, key: str | None = None) -> None:
        self.address = address
        self._fields = [("Authorization", f"Bearer {key}")] if key else []
        self._lock = threading.Lock()
        self._watched: dict[str, _Watched] = {}
        self._threads_of = 0

    def info(self) -> Info:
        """Asks what the service is. Raises `ServiceError`."""
        try:
            said = self._json("GET", "/v1/info")
            return Info(said["prefix"], said["origins"], said["key_ids"], said["now"], said.get("scope"))
        except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError) as error:
            raise ServiceError(f"the service at {self.address.text} does not answer: {error!r}") from error

    def _json(self, method: str, path: str, body: object = None, timeout: float = 10.0) -> Any:
        fields = [*self._fields, ("Content-Type", "application/json")] if body is not None else self._fields
        answer = ask(self.address, method, path, fields, b"" if body is None else json.dumps(body).encode(), timeout)
        if answer.status != 200:
            hint = ": is this its internal API (--api-listen)?" if answer.status == 404 else ""
            raise ServiceError(f"the service at {self.address.text} answered {path} with {answer.status}{hint}")
        return json.loads(answer.body)

    def watch(self, receipt: str, expires_at: int, settle: Settle) -> None:
        """Calls `settle` once, from another thread, when the token of this receipt has ended.

        Call it before the token is sent. `expires_at` is in milliseconds.
        """
        with self._lock:
            self._watched[receipt] = _Watched(expires_at, settle)
            # Threads do not survive a fork.
            if self._threads_of == os.getpid():
                return
            self._threads_of = os.getpid()
        for work in (self._read, self._expire):
            threading.Thread(target=work, name="apply-cookies-receipts", daemon=True).start()

    def _expire(self) -> None:
        """Ends what nobody posted in time. The app's clock decides, as it does when it mints."""
        while self._threads_of == os.getpid():
            now = time.time_ns() // 1_000_000
            with self._lock:
                late = [receipt for receipt, watched in self._watched.items() if watched.expires_at + _GRACE_MS <= now]
                gone = [self._watched.pop(receipt) for receipt in late]
            for watched in gone:
                watched.settle(Outcome.EXPIRED)
            time.sleep(0.5)

    def _read(self) -> None:
        """Reads settlements, over one connection for a worker, while there is something to wait for."""
        pause = 0.05
        while True:
            try:
                for event in self._events():
                    pause = 0.05
                    if event is not None:
                        self._settled(event)
                    elif self._is_idle():
                        return
            except (OSError, http.client.HTTPException, ValueError, ServiceError) as error:
                log.info("the events of the service broke off, and are asked for again: %r", error)
            if self._is_idle():
                return
            time.sleep(pause)
            pause = min(pause * 2, 5.0)
            try:
                self._ask_for_all(wait_ms=int(pause * 1000))
            except (OSError, http.client.HTTPException, ValueError, ServiceError):
                continue

    def _is_idle(self) -> bool:
        with self._lock:
            if not self._watched:
                self._threads_of = 0
            return not self._watched

    def _events(self) -> Iterator[dict[str, Any] | None]:
        """The events of one connection; `None` for a moment without one."""
        connection = self.address.connect(timeout=_SILENCE_S)
        try:
            connection.request("GET", "/v1/receipts/events", headers=dict(self._fields))
            response = connection.getresponse()
            if response.status != 200:
                raise ServiceError(f"the service answered with {response.status}")
            name = ""
            while line := response.readline():
                if line.startswith(b": open"):
                    # From here on nothing is missed; what came before is asked for.
                    self._ask_for_all(wait_ms=0)
                if line.startswith(b"event:"):
                    name = line[6:].strip().decode("latin-1")
                elif line.startswith(b"data:") and name == "receipt":
                    yield json.loads(line[5:])
                elif line.startswith(b"data:"):
                    self._ask_for_all(wait_ms=0)
                elif line.startswith(b":"):
                    yield None
        finally:
            connection.close()

    def _ask_for_all(self, wait_ms: int) -> None:
        with self._lock:
            ids = list(self._watched)
        for at in range(0, len(ids), 256):
            body = {"ids": ids[at : at + 256], "wait_ms": wait_ms}
            for settled in self._json("POST", "/v1/receipts", body, timeout=10.0 + wait_ms / 1000)["settled"]:
                self._settled(settled)

    def _settled(self, said: dict[str, Any]) -> None:
        outcome = Outcome.EXPIRED
        if said.get("state") == "released":
            failed = said.get("barrier") == "failed"
            outcome = Outcome.RELEASED_WITHOUT_BARRIER if failed else Outcome.RELEASED
        with self._lock:
            watched = self._watched.pop(str(said.get("id")), None)
        if watched:
            watched.settle(outcome)
