"""Django with Channels: its own users and sessions, over both transports."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from typing import Any

import django
from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.management import call_command
from django.http import HttpResponse, StreamingHttpResponse
from django.urls import path
from page import PAGE

settings.configure(
    SECRET_KEY="only for these tests",
    ROOT_URLCONF=__name__,
    ALLOWED_HOSTS=["*"],
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions"],
    MIDDLEWARE=[
        "apply_cookies.django.Middleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
    ],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ["FOLDER"] + "/db"}},
    PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
)
django.setup()
call_command("migrate", verbosity=0)

from channels.auth import AuthMiddlewareStack  # noqa: E402
from channels.generic.websocket import AsyncWebsocketConsumer  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from django.contrib.auth.models import User  # noqa: E402
from django.core.asgi import get_asgi_application  # noqa: E402

from apply_cookies import channels  # noqa: E402
from apply_cookies.asgi import ApplyCookiesMiddleware  # noqa: E402
from apply_cookies.django import login, logout  # noqa: E402

ada = User.objects.create_user("ada", password="lovelace")
BACKEND = "django.contrib.auth.backends.ModelBackend"
SSE = "text/event-stream"


def page(request: Any) -> HttpResponse:
    return HttpResponse(PAGE)


def who(request: Any) -> HttpResponse:
    return HttpResponse(request.user.get_username() or "nobody")


async def sign_in(request: Any) -> StreamingHttpResponse:
    async def stream() -> AsyncIterator[str]:
        yield "data: checking\n\n"
        await sync_to_async(login)(request, ada, BACKEND)
        yield f"data: {'welcome' if await request.apply_cookies.delivered() else 'not taken'}\n\n"
        yield "event: done\ndata:\n\n"

    return StreamingHttpResponse(stream(), content_type=SSE)


async def sign_out(request: Any) -> StreamingHttpResponse:
    async def stream() -> AsyncIterator[str]:
        yield "data: leaving\n\n"
        await sync_to_async(logout)(request)
        yield f"data: {'gone' if await request.apply_cookies.delivered() else 'not taken'}\n\n"
        yield "event: done\ndata:\n\n"

    return StreamingHttpResponse(stream(), content_type=SSE)


class Socket(AsyncWebsocketConsumer):  # type: ignore[misc]
    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if text_data == "in":
            receipt = await channels.login(self, ada, BACKEND)
        else:
            receipt = await channels.logout(self)
        done = (await receipt).value == "released"
        await self.send(("welcome" if text_data == "in" else "gone") if done else "not taken")


urlpatterns = [path("", page), path("who", who), path("in", sign_in), path("out", sign_out)]
sockets = AuthMiddlewareStack(URLRouter([path("socket", Socket.as_asgi())]))
app = ApplyCookiesMiddleware(ProtocolTypeRouter({"http": get_asgi_application(), "websocket": sockets}))
