"""base64url without padding, canonical on read (SPEC.md, introduction)."""

from __future__ import annotations

import base64
import re

_TEXT = re.compile(r"[A-Za-z0-9_-]*")


def encode(data: bytes) -> str:
    """Writes bytes as text."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def decode(text: str) -> bytes | None:
    """Reads text; `None` where it is not the one way of writing its bytes."""
    if not _TEXT.fullmatch(text) or len(text) % 4 == 1:
        return None
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    # Unused low bits are only seen by writing the last group again.
    return data if encode(data[len(data) // 3 * 3 :]) == text[len(text) // 4 * 4 :] else None


def decode_exactly(text: str, length: int) -> bytes | None:
    """Reads text of exactly `length` bytes, or gives `None`."""
    data = decode(text)
    return data if data is not None and len(data) == length else None
