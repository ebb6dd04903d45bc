"""For tests of your app: what a browser would have after a response, without a service."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from typing import Any

from .app import ApplyCookies
from .codec.keys import KeyRing
from .codec.token import open_token
from .http_client import Address
from .receipts import Outcome
from .service import Service, Settle

_TOKEN = re.compile(r'(?:"token":|<apply-cookies token=)"((?:e1|s1)\.[A-Za-z0-9_-]+)"')
_BINDING = re.compile(r"(?:__Host-)?apply-cookies=([A-Za-z0-9_-]{43})")


class _Settled(Service):
    """Ends each receipt as soon as its token is sent: a test's client reads a stream to its end first."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(Address("unix:"))
        self._outcome = outcome

    def watch(self, receipt: str, expires_at: int, settle: Settle) -> None:
        settle(self._outcome)


def without_service(
    secret: str,
    *,
    origins: Sequence[str] = ("https://testserver",),
    outcome: Outcome = Outcome.RELEASED,
    **options: Any,
) -> ApplyCookies:
    """An `ApplyCookies` for tests of an app that waits: every token that is sent has this outcome at once,
    so that `delivered()` and receipts answer. It asks nobody. `options` are those of `ApplyCookies`.
    """
    core = ApplyCookies(secret, origins=origins, **options)
    core.service = None  # the one of the environment
    core.start()
    core.service = _Settled(outcome)
    return core


def redeem(response: Any, *, secret: str, binding: str | None = None) -> list[str]:
    """The `Set-Cookie` lines that the tokens in a response release, in order.

    `response` is the response of httpx, Starlette, Django or Flask, or text: an SSE body, a WebSocket
    message, HTML. `binding` is the value of the browser's binding cookie; by default it is what the
    response, or the request that it answers, has. Raises `apply_cookies.codec.token.Refused` for a
    token that this browser cannot redeem.
    """
    binding = binding or _binding_of(response)
    ring = KeyRing(secret)
    now = time.time_ns() // 1_000_000
    return [line for token in _TOKEN.findall(_text_of(response)) for line in open_token(ring, token, now, binding)[2]]


def _text_of(response: Any) -> str:
    if isinstance(response, (str, bytes)):
        return response if isinstance(response, str) else response.decode()
    if getattr(response, "streaming", False) and not hasattr(response, "get_data"):  # Django
        return b"".join(response.streaming_content).decode()
    if hasattr(response, "get_data"):  # Flask
        return str(response.get_data(as_text=True))
    return str(response.text) if hasattr(response, "text") else bytes(response.content).decode()


def _binding_of(response: Any) -> str | None:
    places: list[object] = [getattr(response, "cookies", ""), getattr(response, "headers", "")]
    request = getattr(response, "request", None)
    places.append(getattr(request, "headers", request))
    for place in places:
        if found := _BINDING.search(str(place)) or _BINDING.search(repr(place)):
            return found[1]
    return None
