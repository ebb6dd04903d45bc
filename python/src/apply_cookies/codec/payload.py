"""The payload of a token, byte for byte (SPEC.md §5)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ..errors import InvalidOperation
from .operations import DeleteCookie, Operation, SameSite, SetCookie

MAX_TIME = 253_402_300_799_999
MAX_TTL_MS = 86_400_000

_BARRIER, _SCOPE, _BINDING, _ACTION = 1, 2, 4, 8
_DELETE, _SECURE, _HTTP_ONLY, _AGE, _ELSEWHERE, _PARTITIONED = 1, 2, 4, 32, 64, 128
_SITES: tuple[SameSite | None, ...] = (None, "Strict", "Lax", "None")
_ACTIONS = {"reconnect": 1, "reload": 2}
_GO = re.compile(r"/(?!/)(?:(?!%2f|%5c)[\x21-\x5b\x5d-\x7e])*", re.IGNORECASE | re.ASCII)


class Malformed(Exception):
    """Not a payload."""


@dataclass(frozen=True)
class Payload:
    """What a token says. Times are milliseconds since 1970.

    `then` is `None`, `"reconnect"`, `"reload"`, or a path to go to, which starts with `/`.
    """

    nonce: bytes
    issued_at: int
    ttl_ms: int
    operations: Sequence[Operation]
    barrier: bool = False
    scope: bytes | None = None
    binding: bytes | None = None
    then: str | None = None

    @property
    def expires_at(self) -> int:
        """The first millisecond at which the token is expired."""
        return self.issued_at + self.ttl_ms


def check_then(then: str | None) -> None:
    """Checks an action (§5.2). Raises `InvalidOperation` for `then`."""
    if then is not None and then not in _ACTIONS and (len(then) > 1024 or not _GO.fullmatch(then)):
        raise InvalidOperation("then", "must be reconnect, reload, or a path of this origin")


def check_times(issued_at: int, ttl_ms: int) -> None:
    """Checks the times of a token (§3). Raises `InvalidOperation` for `ttl_ms`."""
    if not 1 <= ttl_ms <= MAX_TTL_MS or issued_at + ttl_ms > MAX_TIME:
        raise InvalidOperation("ttl_ms", "from 1 to 86400000 milliseconds")


def encode(payload: Payload) -> bytes:
    """Writes a payload whose operations, times and action were checked."""
    flags = (
        (_BARRIER if payload.barrier else 0)
        | (_SCOPE if payload.scope is not None else 0)
        | (_BINDING if payload.binding is not None else 0)
        | (_ACTION if payload.then is not None else 0)
    )
    head = bytearray([flags])
    head += payload.nonce + payload.issued_at.to_bytes(6, "big") + payload.ttl_ms.to_bytes(4, "big")
    head += (payload.scope or b"") + (payload.binding or b"")
    texts: list[str] = []
    if payload.then is not None:
        head.append(_ACTIONS.get(payload.then, 3))
        if payload.then not in _ACTIONS:
            head += _varint(len(payload.then))
            texts.append(payload.then)
    head.append(len(payload.operations))
    for operation in payload.operations:
        head += _numbers(operation, texts)
    return bytes(head) + "".join(texts).encode("ascii")


def _numbers(operation: Operation, texts: list[str]) -> bytes:
    elsewhere = operation.path != "/" or operation.domain is not None
    flags = (
        (_SECURE if operation.secure else 0)
        | (_ELSEWHERE if elsewhere else 0)
        | (_PARTITIONED if operation.partitioned else 0)
    )
    numbers = [0, len(operation.name)]
    texts.append(operation.name)
    if isinstance(operation, DeleteCookie):
        flags |= _DELETE
    else:
        flags |= (_HTTP_ONLY if operation.http_only else 0) | _SITES.index(operation.same_site) << 3
        numbers.append(len(operation.value))
        texts.append(operation.value)
    if elsewhere:
        for text in (operation.path or "", operation.domain or ""):
            numbers.append(len(text))
            texts.append(text)
    if isinstance(operation, SetCookie) and operation.max_age is not None:
        flags |= _AGE
        numbers.append(operation.max_age)
    numbers[0] = flags
    return b"".join(map(_varint, numbers))


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, length: int) -> bytes:
        end = self._at + length
        if end > len(self._data):
            raise Malformed
        taken, self._at = self._data[self._at : end], end
        return taken

    def number(self, length: int) -> int:
        return int.from_bytes(self.take(length), "big")

    def varint(self, longest: int = 4) -> int:
        number = 0
        for place in range(longest):
            byte = self.take(1)[0]
            number |= (byte & 127) << 7 * place
            if byte < 128:
                if byte == 0 and place:
                    raise Malformed
                return number
        raise Malformed

    def text(self, length: int) -> str:
        try:
            return self.take(length).decode("utf-8")
        except UnicodeDecodeError:
            raise Malformed from None

    def at_end(self) -> bool:
        return self._at == len(self._data)


def decode(data: bytes) -> Payload:
    """Reads a payload. Raises `Malformed`."""
    reader = _Reader(data)
    flags = reader.number(1)
    nonce, issued_at, ttl_ms = reader.take(16), reader.number(6), reader.number(4)
    if flags > 15 or not 1 <= ttl_ms <= MAX_TTL_MS or issued_at + ttl_ms > MAX_TIME:
        raise Malformed
    scope = reader.take(16) if flags & _SCOPE else None
    binding = reader.take(16) if flags & _BINDING else None
    action = reader.number(1) if flags & _ACTION else 0
    if action > 3 or flags & _ACTION and not action:
        raise Malformed
    path_length = reader.varint() if action == 3 else 0
    count = reader.number(1)
    if not 1 <= count <= 20:
        raise Malformed
    shapes = [_shape(reader) for _ in range(count)]
    then = (None, "reconnect", "reload", None)[action]
    if action == 3:
        then = reader.text(path_length)
        if len(then) > 1024 or not _GO.fullmatch(then):
            raise Malformed
    operations = [_operation(reader, shape) for shape in shapes]
    if not reader.at_end():
        raise Malformed
    return Payload(nonce, issued_at, ttl_ms, operations, bool(flags & _BARRIER), scope, binding, then)


@dataclass(frozen=True)
class _Shape:
    flags: int
    name: int
    value: int
    path: int
    domain: int
    max_age: int | None


def _shape(reader: _Reader) -> _Shape:
    flags = reader.varint(2)
    if flags > 255 or flags & _DELETE and flags & ~(_DELETE | _SECURE | _ELSEWHERE | _PARTITIONED):
        raise Malformed
    name = reader.varint()
    value = 0 if flags & _DELETE else reader.varint()
    path, domain = (reader.varint(), reader.varint()) if flags & _ELSEWHERE else (0, 0)
    return _Shape(flags, name, value, path, domain, reader.varint() if flags & _AGE else None)


def _operation(reader: _Reader, shape: _Shape) -> Operation:
    flags = shape.flags
    name, value = reader.text(shape.name), reader.text(shape.value)
    path: str | None = "/"
    domain = None
    if flags & _ELSEWHERE:
        path, domain = reader.text(shape.path) or None, reader.text(shape.domain) or None
        if path == "/" and domain is None:
            raise Malformed
    secure, partitioned = bool(flags & _SECURE), bool(flags & _PARTITIONED)
    if flags & _DELETE:
        return DeleteCookie(name, path, domain, secure, partitioned)
    site, http_only = _SITES[flags >> 3 & 3], bool(flags & _HTTP_ONLY)
    return SetCookie(name, value, shape.max_age, path, domain, secure, http_only, site, partitioned)
