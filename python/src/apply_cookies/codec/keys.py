"""Keys from a root secret (SPEC.md §2)."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence

from ..errors import BadSecret

_LABEL = "apply-cookies/v1"


def without_line_end(secret: str) -> str:
    """The secret without one line end at its end."""
    for end in ("\r\n", "\n"):
        if secret.endswith(end):
            return secret[: -len(end)]
    return secret


class Key:
    """All keys of one root secret: a text of at least 32 bytes. Raises `BadSecret`."""

    def __init__(self, secret: str) -> None:
        root = without_line_end(secret).encode("utf-8")
        if len(root) < 32:
            raise BadSecret("too-short")
        self._prk = hmac.digest(_LABEL.encode(), root, "sha256")
        self._derived: dict[str, bytes] = {}
        self.id = self.derive("key-id//", 4)

    def derive(self, info: str, length: int = 32) -> bytes:
        """The key whose info is `apply-cookies/v1/` and then `info`: at most 32 bytes (HKDF-Expand)."""
        key = self._derived.get(info)
        if key is None:
            key = hmac.digest(self._prk, f"{_LABEL}/{info}".encode() + b"\x01", "sha256")[:length]
            # Names of cookies come from the app; a bound all the same, for an app that makes them up.
            if len(self._derived) < 256:
                self._derived[info] = key
        return key

    def binding_of(self, cookie: bytes) -> bytes:
        """What a token holds of the 32 bytes of a binding cookie (§6.4): 16 bytes."""
        return hmac.digest(self.derive("binding/hmac-sha256/"), cookie, "sha256")[:16]

    def __repr__(self) -> str:
        return f"Key({self.id.hex()})"


class KeyRing:
    """The current key, which seals, and previous ones, which verify. Raises `BadSecret`."""

    def __init__(self, secret: str, previous: Sequence[str] = ()) -> None:
        self.current = Key(secret)
        self._keys = {self.current.id: self.current}
        for text in previous:
            key = Key(text)
            if key.id in self._keys:
                raise BadSecret("same-key-id", "a previous secret")
            self._keys[key.id] = key

    def get(self, key_id: bytes) -> Key | None:
        """The key of this id."""
        return self._keys.get(key_id)


def receipt_id(nonce: bytes) -> bytes:
    """The id of the receipt of the token with this nonce: 16 bytes."""
    return hashlib.sha256(b"apply-cookies/v1/receipt" + nonce).digest()[:16]
