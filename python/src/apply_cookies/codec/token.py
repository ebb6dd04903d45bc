"""Sealing and opening tokens (SPEC.md §6). No clock and no randomness."""

from __future__ import annotations

import hmac
from typing import Literal, TypeAlias

from ..errors import InvalidOperation
from . import base64url, fernet
from .keys import Key, KeyRing
from .operations import check_batch, lines
from .payload import Malformed, Payload, check_then, check_times, decode, encode

Seal: TypeAlias = Literal["encrypted", "signed"]

MAX_TOKEN = 12_288
SKEW_MS = 5_000


class Refused(Exception):
    """A token that is not redeemed. `step` is a folder of the table in §6.5."""

    def __init__(self, step: str) -> None:
        super().__init__(step)
        self.step = step


def binding_bytes(cookie: str | None) -> bytes | None:
    """The 32 bytes of a binding cookie; `None` for what is not one (§6.4)."""
    return None if cookie is None else base64url.decode_exactly(cookie, 32)


def seal(key: Key, payload: Payload, how: Seal = "encrypted", iv: bytes | None = None) -> str:
    """Makes a token of a payload with settled operations; `iv` has 16 bytes where it is encrypted.

    Raises `InvalidOperation` for an action, a lifetime or a batch that is not allowed.
    """
    check_times(payload.issued_at, payload.ttl_ms)
    check_then(payload.then)
    check_batch(payload.operations)
    body = encode(payload)
    if how == "signed":
        sealed = body + hmac.digest(key.derive("token/hmac-sha256/"), body, "sha256")
        return "s1." + base64url.encode(key.id + sealed)
    if iv is None or len(iv) != 16:
        raise ValueError("an encrypted token needs an IV of 16 bytes")
    sealed = fernet.encrypt(key.derive("token/fernet/"), payload.issued_at // 1000, iv, body)
    return "e1." + base64url.encode(key.id + sealed)


def open_token(
    ring: KeyRing, token: str, now: int, binding_cookie: str | None, binding_required: bool = True
) -> tuple[Seal, Payload, list[str]]:
    """Verifies a token at `now` (milliseconds), up to the claim: its seal, payload and lines.

    Raises `Refused`.
    """
    how, key, body = _unseal(ring, token)
    try:
        payload = decode(body)
    except Malformed:
        raise Refused("payload") from None
    if now >= payload.expires_at:
        raise Refused("expired")
    if payload.issued_at > now + SKEW_MS:
        raise Refused("not-yet-valid")
    if payload.binding is None:
        if binding_required:
            raise Refused("wrong-browser")
    else:
        cookie = binding_bytes(binding_cookie)
        if cookie is None or not hmac.compare_digest(key.binding_of(cookie), payload.binding):
            raise Refused("wrong-browser")
    try:
        return how, payload, lines(payload.operations)
    except InvalidOperation:
        raise Refused("cannot-emit") from None


def _unseal(ring: KeyRing, token: str) -> tuple[Seal, Key, bytes]:
    if len(token.encode("utf-8", "surrogatepass")) > MAX_TOKEN:
        raise Refused("too-long")
    if not token.startswith(("e1.", "s1.")):
        raise Refused("version")
    data = base64url.decode(token[3:])
    if data is None or len(data) < 4 + 32:
        raise Refused("form")
    key = ring.get(data[:4])
    if key is None:
        raise Refused("key")
    sealed = data[4:]
    if token[0] == "e":
        body = fernet.decrypt(key.derive("token/fernet/"), sealed)
        if body is None:
            raise Refused("forged")
        return "encrypted", key, body
    body, tag = sealed[:-32], sealed[-32:]
    if not hmac.compare_digest(hmac.digest(key.derive("token/hmac-sha256/"), body, "sha256"), tag):
        raise Refused("forged")
    return "signed", key, body
