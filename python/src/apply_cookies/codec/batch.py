"""Operations and batches as JSON (SPEC.md §7)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, cast

from ..errors import InvalidOperation
from .operations import DeleteCookie, Operation, SameSite, SetCookie, check_batch, settle
from .strict_json import JsonRefused, finite, refuse_constant


class _Object(list[tuple[str, Any]]):
    """A JSON object as it was written: order and repeated fields are still there."""


def _is_age(value: object) -> bool:
    return value is None or type(value) is int


def _is_flag(value: object) -> bool:
    return value is None or isinstance(value, bool)


def _is_text_or_null(value: object) -> bool:
    return value is None or isinstance(value, str)


_FIELDS: dict[str, Callable[[object], bool]] = {
    "op": lambda value: value in ("set", "delete"),
    "name": lambda value: isinstance(value, str),
    "value": lambda value: isinstance(value, str),
    "max_age": _is_age,
    "path": _is_text_or_null,
    "domain": _is_text_or_null,
    "secure": _is_flag,
    "http_only": _is_flag,
    "same_site": lambda value: value in ("Strict", "Lax", "None", None),
    "partitioned": _is_flag,
}
_ONLY_IN_SET = ("value", "max_age", "http_only", "same_site")


def _whole(text: str) -> int | float:
    # A sign, or more than 64 bits, is a number of another type (§7).
    finite(text)
    return int(text) if text.isdigit() and len(text) <= 20 and int(text) < 1 << 64 else float(text)


def _parse(text: str, whole_is: str) -> Any:
    try:
        parsed = json.loads(
            text,
            object_pairs_hook=_Object,
            parse_constant=refuse_constant,
            parse_float=finite,
            parse_int=_whole,
        )
        # Lone surrogates are only seen when they are written.
        json.dumps(parsed, ensure_ascii=False).encode("utf-8")
        return parsed
    except (JsonRefused, ValueError, RecursionError):
        raise InvalidOperation(whole_is, "is not JSON") from None


def operation_of(value: object) -> Operation:
    """An operation from parsed JSON, not yet settled. Raises `InvalidOperation`."""
    if isinstance(value, dict):
        value = _Object(cast("dict[str, Any]", value).items())
    if not isinstance(value, _Object):
        raise InvalidOperation("operation", "must be an object")
    found: dict[str, Any] = {}
    for name, field in value:
        is_right = _FIELDS.get(name)
        if is_right is None or name in found or not is_right(field):
            raise InvalidOperation(name, "is unknown, there twice, or of another type")
        found[name] = field
    for name in ("op", "name", "value"):
        if name not in found and not (name == "value" and found["op"] == "delete"):
            raise InvalidOperation(name, "is missing")
    path, domain = found.get("path", "/"), found.get("domain")
    # `null` leaves a flag out, also on https; an absent one is decided later.
    secure = bool(found["secure"]) if "secure" in found else None
    partitioned = bool(found.get("partitioned"))
    if found["op"] == "delete":
        for name in _ONLY_IN_SET:
            if name in found:
                raise InvalidOperation(name, "a delete does not have it")
        return DeleteCookie(found["name"], path, domain, secure, partitioned)
    site: SameSite | None = found.get("same_site", "Lax")
    http_only = bool(found.get("http_only", True))
    age: int | None = found.get("max_age")
    return SetCookie(found["name"], found["value"], age, path, domain, secure, http_only, site, partitioned)


def read_operation(text: str, https: bool = True) -> Operation:
    """Reads one operation, settled. Raises `InvalidOperation`."""
    return settle(operation_of(_parse(text, "operation")), https)


def read_batch(text: str, https: bool = True) -> list[Operation]:
    """Reads a whole batch, settled. Raises `InvalidOperation`."""
    parsed = _parse(text, "batch")
    if not isinstance(parsed, _Object):
        raise InvalidOperation("operations", "must be an object with `operations`")
    items: object = None
    for number, (name, value) in enumerate(parsed):
        if name != "operations" or number:
            raise InvalidOperation(name, "is unknown, or there twice")
        items = value
    if not isinstance(items, list) or isinstance(items, _Object):
        raise InvalidOperation("operations", "must be a list")
    listed = cast("list[object]", items)
    if not all(isinstance(item, _Object) for item in listed):
        raise InvalidOperation("operations", "must be objects")
    operations = [settle(operation_of(item), https) for item in listed]
    check_batch(operations)
    return operations


def to_json(operation: Operation) -> dict[str, object]:
    """A settled operation with every field (§11)."""
    fields: dict[str, object] = {"op": "delete", "name": operation.name}
    if isinstance(operation, SetCookie):
        fields = {"op": "set", "name": operation.name, "value": operation.value, "max_age": operation.max_age}
        fields |= {"http_only": operation.http_only, "same_site": operation.same_site}
    return fields | {
        "path": operation.path,
        "domain": operation.domain,
        "secure": bool(operation.secure),
        "partitioned": operation.partitioned,
    }
