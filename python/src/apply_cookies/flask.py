"""Flask: `ac = ApplyCookies(app)`, then `cookies.set(…)` in views, and inside `ac.stream(generator)`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar

from flask import Flask, request, stream_with_context
from werkzeug.local import LocalProxy

from . import app as _app
from .classes import handle_of
from .cookies import Cookies
from .wsgi import ApplyCookiesMiddleware

T = TypeVar("T", str, bytes)


def _handle() -> Cookies:
    handle: Cookies = handle_of(request.environ)
    return handle


cookies: Cookies = LocalProxy(_handle)  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]
"""The handle of the current request."""


class ApplyCookies:
    """The extension. Takes an `apply_cookies.ApplyCookies`, or the arguments for one."""

    def __init__(self, app: Flask | None = None, core: _app.ApplyCookies | None = None, **options: Any) -> None:
        self._core = core
        self._options = options
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask) -> None:
        """Wraps `app.wsgi_app`. Wrap it with compressing middlewares afterwards."""
        core = self._core or _app.ApplyCookies(**self._options)
        app.extensions["apply_cookies"] = core
        app.wsgi_app = ApplyCookiesMiddleware(app.wsgi_app, core)  # type: ignore[method-assign]

    def stream(self, generator: Iterator[T]) -> Iterator[T]:
        """In place of `stream_with_context`: `cookies` works inside the generator.

        What is set there goes with the next thing that it yields, and at the end.
        """
        return stream_with_context(generator)
