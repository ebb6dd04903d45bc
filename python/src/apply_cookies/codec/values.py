"""The values of cookies: plain, signed, encrypted (SPEC.md §12). No clock and no randomness."""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from typing import Literal, TypeAlias
from urllib.parse import unquote_to_bytes

from . import base64url, fernet, strict_json
from .keys import KeyRing
from .operations import MAX_COOKIE
from .payload import MAX_TIME

Protection: TypeAlias = Literal["plain", "signed", "encrypted"]

_NO_END = (1 << 64) - 1
_STRAY_PERCENT = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_PLAIN = frozenset(b"!#$&'()*+-./0123456789:<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]^_`abcdefghijklmnopqrstuvwxyz{|}~")


class Unreadable(Exception):
    """A value that counts as absent. `reason` is the one of §12.4."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Value:
    """What a cookie's value holds. `expires_at` is in milliseconds, `None` without an end."""

    data: bytes
    expires_at: int | None
    under_previous_key: bool

    def text(self) -> str:
        """The value as text. Raises `Unreadable`."""
        try:
            return self.data.decode("utf-8")
        except UnicodeDecodeError:
            raise Unreadable("malformed") from None

    def json(self) -> object:
        """The value as JSON. Raises `Unreadable`."""
        return _json(self.data)


def _json(data: bytes) -> object:
    try:
        return strict_json.loads(data.decode("utf-8"))
    except UnicodeDecodeError:
        raise Unreadable("not-json") from None
    except strict_json.JsonRefused as error:
        raise Unreadable(error.reason) from None


def _with_length(name: str) -> bytes:
    return len(name).to_bytes(2, "big") + name.encode("ascii")


def write(
    ring: KeyRing,
    name: str,
    protection: Protection,
    data: bytes,
    *,
    now: int,
    expires_at: int | None = None,
    iv: bytes | None = None,
    is_json: bool = False,
) -> str:
    """Writes a value under the current key. Raises `Unreadable` for what could not be read back."""
    key = ring.current
    end = (_NO_END if expires_at is None else expires_at).to_bytes(8, "big")
    if protection == "plain":
        text = "".join(chr(byte) if byte in _PLAIN else f"%{byte:02X}" for byte in data)
    elif protection == "signed":
        mac = hmac.digest(key.derive(f"cookie/hmac-sha256/{name}"), _with_length(name) + end + data, "sha256")
        text = "cs1." + base64url.encode(key.id + end + data + mac)
    else:
        if iv is None or len(iv) != 16:
            raise ValueError("an encrypted value needs an IV of 16 bytes")
        plaintext = end + _with_length(name) + data
        sealed = fernet.encrypt(key.derive(f"cookie/fernet/{name}"), now // 1000, iv, plaintext)
        text = "ce1." + base64url.encode(key.id + sealed)
    if len(name) + len(text) > MAX_COOKIE:
        raise Unreadable("too-long")
    if expires_at is not None and expires_at <= now:
        raise Unreadable("expired")
    if is_json:
        _json(data)
    return text


def read(ring: KeyRing, name: str, protection: Protection, text: bytes, *, now: int) -> Value:
    """Reads a value at `now`, in milliseconds (§12.4, steps 2 to 7). Raises `Unreadable`."""
    if len(name) + len(text) > MAX_COOKIE:
        raise Unreadable("too-long")
    if protection == "plain":
        if _STRAY_PERCENT.search(text):
            raise Unreadable("malformed")
        return Value(unquote_to_bytes(text), None, False)
    prefix = b"cs1." if protection == "signed" else b"ce1."
    data = base64url.decode(text[4:].decode("latin-1")) if text.startswith(prefix) else None
    if data is None or len(data) < 4 + 32:
        raise Unreadable("malformed")
    key = ring.get(data[:4])
    if key is None:
        raise Unreadable("unknown-key")
    sealed = data[4:]
    if protection == "signed":
        body, tag = sealed[:-32], sealed[-32:]
        mac = hmac.digest(key.derive(f"cookie/hmac-sha256/{name}"), _with_length(name) + body, "sha256")
        if not hmac.compare_digest(mac, tag):
            raise Unreadable("forged")
    else:
        opened = fernet.decrypt(key.derive(f"cookie/fernet/{name}"), sealed)
        if opened is None:
            raise Unreadable("forged")
        length = len(_with_length(name))
        if opened[8 : 8 + length] != _with_length(name):
            raise Unreadable("malformed")
        body = opened[:8] + opened[8 + length :]
    end = int.from_bytes(body[:8], "big")
    if len(body) < 8 or end > MAX_TIME and end != _NO_END:
        raise Unreadable("malformed")
    expires_at = None if end == _NO_END else end
    if expires_at is not None and now >= expires_at:
        raise Unreadable("expired")
    return Value(body[8:], expires_at, key is not ring.current)
