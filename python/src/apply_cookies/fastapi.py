"""FastAPI: the middleware, and the handle as a parameter of routes and sockets."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends
from fastapi.requests import HTTPConnection

from . import cookies as _cookies
from .asgi import ApplyCookiesMiddleware
from .classes import handle_of


def _handle(connection: HTTPConnection) -> _cookies.Cookies:
    handle: _cookies.Cookies = handle_of(connection.scope)
    return handle


Cookies = Annotated[_cookies.Cookies, Depends(_handle)]
"""The type of a parameter: `async def events(cookies: Cookies)`."""

__all__ = ["ApplyCookiesMiddleware", "Cookies"]
