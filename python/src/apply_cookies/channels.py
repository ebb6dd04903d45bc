"""Django Channels: the handle of a consumer, and signing in and out inside a socket.

Put `apply_cookies.asgi.ApplyCookiesMiddleware` around the whole application.
"""

from __future__ import annotations

from typing import Any

from asgiref.sync import sync_to_async
from channels import auth  # type: ignore[import-untyped, unused-ignore]

from .classes import handle_of
from .cookies import Cookies
from .django import session_cookie, session_deleted
from .receipts import Receipt


def consumer(consumer: Any) -> Cookies:
    """The handle of a consumer's socket."""
    handle: Cookies = handle_of(consumer.scope)
    return handle


async def login(consumer_: Any, user: Any, backend: Any = None) -> Receipt:
    """`channels.auth.login`, and the key of the renewed session sent to the browser."""
    session = consumer_.scope["session"]
    await auth.login(consumer_.scope, user, backend)
    await sync_to_async(session.save)()
    cookies = consumer(consumer_)
    cookies.set(session_cookie(session))
    return await cookies.flush()


async def logout(consumer_: Any) -> Receipt:
    """`channels.auth.logout`; no older token of this browser is redeemed after it."""
    await auth.logout(consumer_.scope)
    cookies = consumer(consumer_)
    cookies.delete(session_deleted())
    cookies.barrier()
    return await cookies.flush()
