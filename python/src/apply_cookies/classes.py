"""Cookie classes: a dataclass, or a pydantic model, in one cookie."""

from __future__ import annotations

import dataclasses
import json
import logging
import secrets as random
import time
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeVar, cast

from .codec import values
from .codec.operations import DeleteCookie, SameSite, SetCookie, name_on_http
from .codec.values import Protection, Unreadable
from .errors import ApplyCookiesError, InvalidOperation

if TYPE_CHECKING:
    from .app import ApplyCookies

log = logging.getLogger("apply_cookies")
T = TypeVar("T")

_MARK = "__cookie_class__"


@dataclasses.dataclass(frozen=True)
class Definition:
    """How a class is kept in a cookie."""

    name: str
    protection: Protection
    max_age: int | None
    path: str | None
    domain: str | None
    secure: bool | None
    http_only: bool
    same_site: SameSite | None
    partitioned: bool

    def delete(self) -> DeleteCookie:
        """What deletes the cookie."""
        return DeleteCookie(self.name, self.path, self.domain, self.secure, self.partitioned)


def cookie_class(
    name: str,
    *,
    signed: bool = False,
    encrypted: bool = False,
    max_age: int | None = None,
    path: str | None = "/",
    domain: str | None = None,
    secure: bool | None = None,
    http_only: bool = True,
    same_site: SameSite | None = "Lax",
    partitioned: bool = False,
) -> Callable[[type[T]], type[T]]:
    """Keeps a dataclass or a pydantic model in the cookie `name`, as JSON: plain, signed or encrypted.

    `max_age` is in seconds; a signed or encrypted value ends with it, whatever the browser does. The
    other arguments are those of `SetCookie`. The class gets `read(request)`, which is
    `cookies.read(Class)` for the request's handle; type checkers know only the latter.
    """
    if signed and encrypted:
        raise TypeError("a cookie is either signed or encrypted")
    protection: Protection = "encrypted" if encrypted else "signed" if signed else "plain"
    definition = Definition(
        name, protection, max_age, path, domain, secure, http_only, same_site, partitioned
    )  # fmt: skip

    def decorate(cls: type[T]) -> type[T]:
        if not (dataclasses.is_dataclass(cls) or hasattr(cls, "model_validate")):
            raise TypeError(f"{cls.__name__} is neither a dataclass nor a pydantic model; @dataclass stands below")
        setattr(cls, _MARK, definition)
        if not hasattr(cls, "read"):
            cls.read = classmethod(lambda cls, request: handle_of(request).read(cls))  # type: ignore[attr-defined]
        return cls

    return decorate


def definition_of(cls: type) -> Definition:
    """The definition of a cookie class. Raises `TypeError` for any other."""
    definition = getattr(cls, _MARK, None)
    if not isinstance(definition, Definition):
        raise TypeError(f"{cls.__name__} is no cookie class: decorate it with @cookie_class")
    return definition


def handle_of(request: Any) -> Any:
    """The handle that a middleware gave to this request, scope or environ."""
    places = [request, *(getattr(request, name, None) for name in ("scope", "environ", "META"))]
    for place in places:
        if isinstance(place, Mapping) and "apply_cookies" in place:
            return cast("Mapping[str, Any]", place)["apply_cookies"]
    found = getattr(request, "apply_cookies", None)
    if found is None:
        raise ApplyCookiesError("this request has no handle: add the middleware of apply_cookies to the app")
    return found


def encode(app: ApplyCookies, instance: object) -> SetCookie:
    """The operation that keeps this instance. Raises `InvalidOperation`."""
    definition = definition_of(type(instance))
    name = definition.name if app.site.https else name_on_http(definition.name)
    if dataclasses.is_dataclass(instance):
        plain = dataclasses.asdict(cast("Any", instance))
    else:
        plain = cast("Any", instance).model_dump(mode="json")
    now = time.time_ns() // 1_000_000
    protected = definition.protection != "plain"
    expires_at = now + definition.max_age * 1000 if protected and definition.max_age is not None else None
    iv = random.token_bytes(16) if definition.protection == "encrypted" else None
    try:
        data = json.dumps(plain, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode("utf-8")
        text = values.write(
            app.ring, name, definition.protection, data, now=now, expires_at=expires_at, iv=iv, is_json=True
        )
    except Unreadable as error:
        raise InvalidOperation("value", error.reason) from None
    except (TypeError, ValueError):
        raise InvalidOperation("value", f"{type(instance).__name__} holds what JSON cannot") from None
    return SetCookie(
        definition.name, text, definition.max_age, definition.path, definition.domain, definition.secure,
        definition.http_only, definition.same_site, definition.partitioned,
    )  # fmt: skip


def read_class(app: ApplyCookies, cls: type[T], name: str, found: Sequence[bytes]) -> T | None:
    """Reads the one cookie that was found; `None`, and a line in the log, where it cannot be trusted."""
    if not found:
        return None
    try:
        if len(found) > 1:
            raise Unreadable("duplicate")
        protection = definition_of(cls).protection
        value = values.read(app.ring, name, protection, found[0], now=time.time_ns() // 1_000_000).json()
        return _hold(cls, value)
    except Unreadable as error:
        log.info("the cookie %s counts as absent: %s", name, error.reason)
        return None


def _hold(cls: type[T], value: object) -> T:
    if not isinstance(value, dict):
        raise Unreadable("wrong-type")
    try:
        if dataclasses.is_dataclass(cls):
            return cast("T", _as_dataclass(cls, cast("dict[str, object]", value)))
        return cast("T", cast("Any", cls).model_validate(value))
    except (TypeError, ValueError):
        raise Unreadable("wrong-type") from None


def _as_dataclass(cls: Any, value: dict[str, object]) -> object:
    # Unknown fields are ignored, missing ones have their default.
    hints = typing.get_type_hints(cls)
    names = [field.name for field in dataclasses.fields(cls) if field.init and field.name in value]
    return cls(**{name: _as_type(hints[name], value[name]) for name in names})


def _as_type(hint: Any, value: Any) -> object:
    """The value as this type; raises `TypeError` where the type cannot hold it."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if hint in (Any, object):
        return value
    if hint is None or hint is type(None):
        if value is None:
            return None
    elif origin in (typing.Union, types.UnionType):
        for each in arguments:
            try:
                return _as_type(each, value)
            except TypeError:
                continue
    elif origin is Literal:
        if any(value == each and type(value) is type(each) for each in arguments):
            return value
    elif hint is float:
        if type(value) in (int, float):
            return float(value)
    elif hint in (str, int, bool):
        if type(value) is hint:
            return value
    elif dataclasses.is_dataclass(hint):
        if isinstance(value, dict):
            return _as_dataclass(hint, cast("dict[str, object]", value))
    elif (origin or hint) in (list, tuple, dict):
        return _as_container(origin or hint, arguments, value)
    raise TypeError(f"{hint} cannot hold this")


def _as_container(kind: type, arguments: tuple[Any, ...], value: Any) -> object:
    if kind is dict and isinstance(value, dict) and (not arguments or arguments[0] is str):
        fields = cast("dict[str, object]", value).items()
        return {key: _as_type(arguments[1] if arguments else Any, item) for key, item in fields}
    if kind is not dict and isinstance(value, list):
        listed = cast("list[object]", value)
        if kind is list or not arguments or arguments[-1] is Ellipsis:
            items = [_as_type(arguments[0] if arguments else Any, item) for item in listed]
            return items if kind is list else tuple(items)
        if len(listed) == len(arguments):
            return tuple(_as_type(each, item) for each, item in zip(arguments, listed, strict=True))
    raise TypeError("not such a container")
