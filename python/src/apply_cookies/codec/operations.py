"""Operations, the rules that they keep, and their `Set-Cookie` lines (SPEC.md §4)."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias
from urllib.parse import unquote_to_bytes

from ..errors import InvalidOperation

SameSite: TypeAlias = Literal["Strict", "Lax", "None"]

MAX_OPERATIONS = 20
MAX_LINES = 6144
MAX_COOKIE = 4096
MAX_AGE = 34_560_000

_TCHAR = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]"
_NAME = re.compile(f"{_TCHAR}+")
_NAME_BYTES = re.compile(f"{_TCHAR}*".encode())
_VALUE = re.compile(r"[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*")
_PATH = re.compile(r"/[\x21-\x3a\x3c-\x7e]*")
_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?![0-9]+\Z)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_PREFIX = re.compile(r"__host-http-|__host-|__http-|__secure-", re.IGNORECASE)
_RESERVED = re.compile(r"apply-cookies(?:-.*)?", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True)
class SetCookie:
    """Sets one cookie.

    `max_age` is in seconds, at most 400 days; without it the cookie ends with the browser.
    `secure=None` makes it Secure where the app's origins are https. `None` for `path` or
    `same_site` leaves the attribute out.
    """

    name: str
    value: str = field(repr=False)
    max_age: int | None = None
    path: str | None = "/"
    domain: str | None = None
    secure: bool | None = None
    http_only: bool = True
    same_site: SameSite | None = "Lax"
    partitioned: bool = False

    def line(self) -> str:
        """The value of its `Set-Cookie` field. Check it first."""
        return "".join((
            self.name, "=", self.value,
            "" if self.path is None else f"; Path={self.path}",
            "" if self.domain is None else f"; Domain={self.domain}",
            "" if self.max_age is None else f"; Max-Age={self.max_age}",
            "; Secure" if self.secure else "",
            "; HttpOnly" if self.http_only else "",
            "" if self.same_site is None else f"; SameSite={self.same_site}",
            "; Partitioned" if self.partitioned else "",
        ))  # fmt: skip


@dataclass(frozen=True)
class DeleteCookie:
    """Deletes one cookie. Path, domain and `partitioned` are those that it was set with."""

    name: str
    path: str | None = "/"
    domain: str | None = None
    secure: bool | None = None
    partitioned: bool = False

    def line(self) -> str:
        """The value of its `Set-Cookie` field. Check it first."""
        return "".join((
            self.name, "=",
            "" if self.path is None else f"; Path={self.path}",
            "" if self.domain is None else f"; Domain={self.domain}",
            "; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
            "; Secure" if self.secure else "",
            "; HttpOnly",
            "; Partitioned" if self.partitioned else "",
        ))  # fmt: skip


Operation: TypeAlias = SetCookie | DeleteCookie


def settle(operation: Operation, https: bool = True) -> Operation:
    """Decides whether the cookie is Secure, and under which name it is set (§4.1), and checks it.

    Raises `InvalidOperation`, whose `field` is the first in the order of §7.
    """
    said = operation.secure
    operation = replace(operation, secure=True if said is None else said)
    check(operation)
    if https:
        return operation
    if isinstance(operation, SetCookie) and operation.same_site == "None":
        raise InvalidOperation("same_site", "SameSite=None needs https")
    if operation.partitioned:
        raise InvalidOperation("partitioned", "Partitioned needs https")
    operation = replace(operation, secure=bool(said), name=name_on_http(operation.name))
    _check_name(operation.name)
    return operation


_BOOL = (lambda value: isinstance(value, bool), "must be True or False")
_TEXT = (lambda value: isinstance(value, str), "must be text")
_TEXT_OR_NONE = (lambda value: value is None or isinstance(value, str), "must be text")
_KINDS: dict[str, tuple[Callable[[object], bool], str]] = {
    "name": _TEXT,
    "value": _TEXT,
    # A bool is an int to `isinstance`, and would be written as True.
    "max_age": (lambda value: value is None or type(value) is int, "must be a whole number of seconds"),
    "path": _TEXT_OR_NONE,
    "domain": _TEXT_OR_NONE,
    "secure": (lambda value: value is None or isinstance(value, bool), "must be True, False or None"),
    "http_only": _BOOL,
    "same_site": (lambda value: value in (None, "Strict", "Lax", "None"), 'must be "Strict", "Lax" or "None"'),
    "partitioned": _BOOL,
}


def _check_types(operation: Operation) -> None:
    # Types are only hints, and these go into the line as they are.
    for field, value in vars(operation).items():
        fits, rule = _KINDS[field]
        if not fits(value):
            raise InvalidOperation(field, rule)


def name_on_http(name: str) -> str:
    """The name under which a cookie is set and read on plain http: without prefixes (§4.1)."""
    while prefix := _PREFIX.match(name):
        name = name[prefix.end() :]
    return name


def check(operation: Operation) -> None:
    """Checks one operation whose `secure` is settled (§4, in the order of §7). Raises `InvalidOperation`."""
    _check_types(operation)
    age = operation.max_age if isinstance(operation, SetCookie) else None
    if age is not None and not 0 <= age <= MAX_AGE:
        raise InvalidOperation("max_age", "from 0 to 34560000 seconds")
    _check_name(operation.name)
    if isinstance(operation, SetCookie):
        if not _VALUE.fullmatch(operation.value):
            raise InvalidOperation(
                "value",
                "no blanks, quotes, commas, semicolons, backslashes, controls or non-ASCII; a cookie class encodes it",
            )
        if len(operation.name) + len(operation.value) > MAX_COOKIE:
            raise InvalidOperation("value", "name and value are longer than 4096 bytes")
    elif len(operation.name) > MAX_COOKIE:
        raise InvalidOperation("name", "longer than 4096 bytes")
    path, domain = operation.path, operation.domain
    if path is not None and (len(path) > 1024 or not _PATH.fullmatch(path)):
        raise InvalidOperation("path", "must start with / and hold no blank, no ; and nothing beyond ASCII")
    if domain is not None and (len(domain) > 253 or not _DOMAIN.fullmatch(domain)):
        raise InvalidOperation("domain", "must be a host's name of two or more labels, in small letters")
    _check_together(operation)


def _check_together(operation: Operation) -> None:
    prefix = _prefix(operation.name)
    cross = operation.partitioned or isinstance(operation, SetCookie) and operation.same_site == "None"
    if not operation.secure and (prefix or cross):
        raise InvalidOperation("secure", "this prefix, SameSite=None and Partitioned need Secure")
    if prefix.startswith("__host-"):
        if operation.domain is not None:
            raise InvalidOperation("domain", "a __Host- cookie has none")
        if operation.path != "/":
            raise InvalidOperation("path", "that of a __Host- cookie is /")
    if prefix.endswith("http-") and isinstance(operation, SetCookie) and not operation.http_only:
        raise InvalidOperation("http_only", "this prefix needs HttpOnly")


def _prefix(name: str) -> str:
    prefix = _PREFIX.match(name)
    return prefix.group().lower() if prefix else ""


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise InvalidOperation("name", "only letters, digits and !#$%&'*+-.^_`|~ (RFC 9110 section 5.6.2)")
    decoded = unquote_to_bytes(name)
    if not _NAME_BYTES.fullmatch(decoded) or _prefix(decoded.decode("ascii")) != _prefix(name):
        raise InvalidOperation("name", "is another name once it is decoded")
    for form in (name, decoded.decode("ascii")):
        if _RESERVED.fullmatch(form[len(_prefix(form)) :]) or _RESERVED.fullmatch(form):
            raise InvalidOperation("name", "is reserved")


def identity(operation: Operation) -> tuple[str, str | None, str | None, bool]:
    """What makes two operations be on the same cookie (§4, rule 8)."""
    return operation.name, operation.domain, operation.path, operation.partitioned


def line_size(operation: Operation) -> int:
    """The bytes that its `Set-Cookie` line takes in a response's head."""
    return len(operation.line()) + len("Set-Cookie: \r\n")


def lines(operations: Sequence[Operation]) -> list[str]:
    """Checks a whole batch and builds its lines. Raises `InvalidOperation`."""
    for operation in operations:
        check(operation)
    check_batch(operations)
    return [operation.line() for operation in operations]


def check_batch(operations: Sequence[Operation]) -> None:
    """Checks what a batch of settled operations must keep together. Raises `InvalidOperation`."""
    if not 1 <= len(operations) <= MAX_OPERATIONS:
        raise InvalidOperation("operations", "a token holds 1 to 20")
    if len({identity(operation) for operation in operations}) < len(operations):
        raise InvalidOperation("name", "two operations are on this cookie")
    if sum(map(line_size, operations)) > MAX_LINES:
        raise InvalidOperation("operations", "their lines are longer than 6144 bytes")
