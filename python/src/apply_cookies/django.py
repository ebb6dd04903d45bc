"""Django: `MIDDLEWARE += ["apply_cookies.django.Middleware"]`, then `request.apply_cookies`.

`settings.APPLY_COOKIES` is an `ApplyCookies`, or a dictionary of its arguments; without it everything
comes from the environment.
"""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from http.cookies import Morsel
from typing import Any, cast

from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.conf import settings
from django.contrib import auth
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from .app import ApplyCookies, fields_of
from .codec.operations import DeleteCookie, SetCookie
from .cookies import Cookies
from .forward import MAX_BODY, forward, is_below
from .receipts import Receipt
from .streams import carried, carried_async


@functools.cache
def shared() -> ApplyCookies:
    """The `ApplyCookies` of this Django project."""
    configured: Any = getattr(settings, "APPLY_COOKIES", {})
    return configured if isinstance(configured, ApplyCookies) else ApplyCookies(**configured)


class Middleware:
    """Gives each request its handle, as `request.apply_cookies`. Compressing middlewares stand above it."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self._get_response = get_response
        # asgiref's own knows Django's mark under every Python.
        self._is_async = iscoroutinefunction(get_response)  # pyright: ignore[reportDeprecated]
        if self._is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        """Serves one request."""
        if self._is_async:
            return self._serve_async(request)
        answered = _begin(request)
        return answered or _finish(request, self._get_response(request))

    async def _serve_async(self, request: HttpRequest) -> HttpResponseBase:
        answered = await sync_to_async(_begin, thread_sensitive=False)(request)
        return answered or _finish(request, await self._get_response(request))


def _fields(request: HttpRequest) -> list[tuple[bytes, bytes]]:
    scope = getattr(request, "scope", None)
    return fields_of(scope["headers"] if scope else request.META)


def _begin(request: HttpRequest) -> HttpResponse | None:
    scope: dict[str, Any] = getattr(request, "scope", None) or {}
    if "apply_cookies" in scope:
        # The ASGI middleware is around the whole app, and does the rest.
        cast("Any", request).apply_cookies = scope["apply_cookies"]
        return None
    core = shared()
    core.start(int(request.META["SERVER_PORT"]))
    if core.forward and is_below(core.prefix, request.path):
        return _forward(core, request)
    cast("Any", request).apply_cookies = core.handle(request.method or "GET", _fields(request))
    return None


def _forward(core: ApplyCookies, request: HttpRequest) -> HttpResponse:
    assert core.forward
    fields = _fields(request)
    if not any(name == b"content-type" for name, _ in fields) and request.META.get("CONTENT_TYPE"):
        fields.append((b"content-type", request.META["CONTENT_TYPE"].encode("latin-1")))
    answer = forward(core.forward, request.method or "GET", request.path, fields, request.read(MAX_BODY + 1))
    response = HttpResponse(answer.body, status=answer.status)
    del response["Content-Type"]
    lines: list[str] = []
    for name, value in answer.fields:
        if name.lower() == "set-cookie":
            lines.append(value)
        else:
            response[name] = value
    _add_lines(response, lines)
    return response


def _finish(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    cookies: Cookies = cast("Any", request).apply_cookies
    if "apply_cookies" in (getattr(request, "scope", None) or {}):
        return response
    fields = [(name.lower().encode("latin-1"), str(value).encode("latin-1")) for name, value in response.items()]
    _add_lines(response, cookies.head(response.status_code, fields))
    for name, value in cookies.of_stream(fields):
        response[name] = value
    if cookies.is_carried_by == "sse":
        streaming = cast("Any", response)
        wrap: Any = carried_async if streaming.is_async else carried
        streaming.streaming_content = wrap(cookies, streaming.streaming_content)
    return response


class _Line(Morsel[str]):
    """A `Set-Cookie` line that is written as it is."""

    def __init__(self, line: str) -> None:
        super().__init__()
        self._line = line

    def OutputString(self, attrs: Any = None) -> str:
        return self._line


def _add_lines(response: HttpResponseBase, lines: list[str]) -> None:
    for line in lines:
        # Several cookies of one name, at different places, need keys of their own.
        name = line.partition("=")[0]
        response.cookies[name if name not in response.cookies else line] = _Line(line)


def session_cookie(session: Any) -> SetCookie:
    """What brings the key of a saved session to the browser, with Django's own settings."""
    age = None if session.get_expire_at_browser_close() else session.get_expiry_age()
    return SetCookie(
        settings.SESSION_COOKIE_NAME,
        session.session_key,
        max_age=age,
        path=settings.SESSION_COOKIE_PATH,
        domain=settings.SESSION_COOKIE_DOMAIN,
        secure=settings.SESSION_COOKIE_SECURE or None,
        http_only=settings.SESSION_COOKIE_HTTPONLY,
        same_site=settings.SESSION_COOKIE_SAMESITE or None,
    )


def session_deleted() -> DeleteCookie:
    """What removes the cookie of Django's session."""
    return DeleteCookie(
        settings.SESSION_COOKIE_NAME, path=settings.SESSION_COOKIE_PATH, domain=settings.SESSION_COOKIE_DOMAIN
    )


def login(request: HttpRequest, user: Any, backend: str | None = None) -> Receipt:
    """`django.contrib.auth.login` inside a stream: the browser gets the key of the renewed session."""
    auth.login(request, user, backend)
    request.session.save()
    cookies: Cookies = cast("Any", request).apply_cookies
    return cookies.set(session_cookie(request.session))


def logout(request: HttpRequest) -> Receipt:
    """`django.contrib.auth.logout` inside a stream: no older token of this browser is redeemed after it."""
    auth.logout(request)
    cookies: Cookies = cast("Any", request).apply_cookies
    receipt = cookies.delete(session_deleted())
    cookies.barrier()
    return receipt
