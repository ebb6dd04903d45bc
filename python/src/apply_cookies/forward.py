"""Passes the endpoint on to the service, so that no proxy is needed."""

from __future__ import annotations

import http.client
import logging
from collections.abc import Sequence
from urllib.parse import quote

from .http_client import Address, Answer, ask

log = logging.getLogger("apply_cookies")

# Longer bodies are refused, and no more of them is read than this (SPEC §3).
MAX_BODY = 65_536

_PASSED = (b"origin", b"cookie", b"content-type", b"if-none-match")
_KEPT_BACK = ("connection", "keep-alive", "transfer-encoding", "content-length", "server", "date")


def is_below(prefix: str, path: str) -> bool:
    """Whether the path is the endpoint's."""
    return path == prefix or path.startswith(f"{prefix}/")


def forward(address: Address, method: str, path: str, fields: Sequence[tuple[bytes, bytes]], body: bytes) -> Answer:
    """Asks the service, with the fields that it judges and no others. Blocks, for at most ten seconds a step."""
    passed = [
        (name.decode("latin-1"), value) for name, value in fields if name in _PASSED or name.startswith(b"sec-fetch-")
    ]
    try:
        answer = ask(address, method, quote(path, safe="/%"), passed, body)
    except (OSError, http.client.HTTPException, ValueError) as error:
        log.error("the service at %s does not answer: %r", address.text, error)
        return Answer(503, "Service Unavailable", [("Retry-After", "1"), ("Cache-Control", "no-store")], b"")
    kept = [(name, value) for name, value in answer.fields if name.lower() not in _KEPT_BACK]
    return Answer(answer.status, answer.reason, kept, answer.body)
