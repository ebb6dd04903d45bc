"""Django by its middleware (WSGI and ASGI), and with Channels behind the ASGI middleware."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import django
import pytest
import websockets.sync.client
from conftest import Browser, Deployment, serving, serving_wsgi
from django.conf import settings
from django.core.management import call_command
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import path

from apply_cookies.asgi import ApplyCookiesMiddleware

SSE = "text/event-stream"


def events(request: Any) -> StreamingHttpResponse:
    def stream() -> Iterator[str]:
        yield "data: checking\n\n"
        request.apply_cookies.set("app_session", "8f14e45f")
        yield "data: done\n\n"

    return StreamingHttpResponse(stream(), content_type=SSE)


async def events_async(request: Any) -> StreamingHttpResponse:
    async def stream() -> AsyncIterator[str]:
        yield "data: checking\n\n"
        request.apply_cookies.set("app_session", "8f14e45f")
        yield "data: done\n\n"

    return StreamingHttpResponse(stream(), content_type=SSE)


async def delivered(request: Any) -> StreamingHttpResponse:
    async def stream() -> AsyncIterator[str]:
        yield "data: checking\n\n"
        request.apply_cookies.set("app_session", "8f14e45f")
        yield f"data: {await request.apply_cookies.delivered()}\n\n"

    return StreamingHttpResponse(stream(), content_type=SSE)


def signs_in(request: Any) -> StreamingHttpResponse:
    from django.contrib.auth import authenticate

    from apply_cookies.django import login

    def stream() -> Iterator[str]:
        yield "data: checking\n\n"
        login(request, authenticate(username="ada", password="lovelace"))
        yield "data: done\n\n"

    return StreamingHttpResponse(stream(), content_type=SSE)


def who(request: Any) -> HttpResponse:
    return HttpResponse(request.user.get_username())


def page(request: Any) -> HttpResponse:
    response = HttpResponse("page")
    response.set_cookie("django", "1")
    request.apply_cookies.set("theme", "dark")
    request.apply_cookies.set("theme", "light", path="/other")
    return response


def fails(request: Any) -> HttpResponse:
    request.apply_cookies.set("app_session", "8f14e45f")
    raise ZeroDivisionError


urlpatterns = [
    path("events", events),
    path("events-async", events_async),
    path("delivered", delivered),
    path("sign-in", signs_in),
    path("who", who),
    path("page", page),
    path("fails", fails),
]


@pytest.fixture(scope="module")
def project(deployment: Deployment, tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    settings.configure(
        SECRET_KEY="only for these tests",
        ROOT_URLCONF=__name__,
        ALLOWED_HOSTS=["127.0.0.1"],
        INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions"],
        MIDDLEWARE=[
            "apply_cookies.django.Middleware",
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
        ],
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": Path(tmp_path_factory.mktemp("django")) / "db",
                "OPTIONS": {"timeout": 20},
            }
        },
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
        APPLY_COOKIES=deployment.core(),
    )
    django.setup()
    call_command("migrate", verbosity=0)
    from django.contrib.auth.models import User

    User.objects.create_user("ada", password="lovelace")
    return deployment


@pytest.fixture(params=["wsgi", "asgi"])
def browser(project: Deployment, request: pytest.FixtureRequest) -> Iterator[Browser]:
    from django.core.asgi import get_asgi_application
    from django.core.wsgi import get_wsgi_application

    if request.param == "wsgi":
        running = serving_wsgi(get_wsgi_application(), project.port)
    else:
        running = serving(get_asgi_application(), project.port, lifespan="off")
    with running as browser:
        yield browser


def test_a_stream_signs_in(browser: Browser) -> None:
    assert [name for name, _ in browser.events("/events")] == ["message", "apply-cookies", "message"]
    assert browser.cookies() == {"app_session": "8f14e45f"}


def test_login_inside_a_stream_brings_djangos_own_session(browser: Browser) -> None:
    assert browser.http.get("/who").text == ""
    browser.events("/sign-in")
    assert browser.http.get("/who").text == "ada"


def test_ordinary_responses_keep_both_cookies(browser: Browser) -> None:
    lines = browser.http.get("/page").headers.get_list("set-cookie")
    assert sorted(line.split(";")[0] for line in lines) == ["django=1", "theme=dark", "theme=light"]


def test_a_view_that_raises_gives_no_cookie(browser: Browser) -> None:
    answer = browser.http.get("/fails")
    assert answer.status_code == 500 and "set-cookie" not in answer.headers


def test_an_asynchronous_stream(project: Deployment) -> None:
    from django.core.asgi import get_asgi_application

    with serving(get_asgi_application(), project.port, lifespan="off") as browser:
        assert [name for name, _ in browser.events("/events-async")] == ["message", "apply-cookies", "message"]
        assert browser.cookies() == {"app_session": "8f14e45f"}


def test_behind_the_asgi_middleware_delivered_works(project: Deployment) -> None:
    from django.core.asgi import get_asgi_application

    app = ApplyCookiesMiddleware(get_asgi_application(), project.core())
    with serving(app, project.port, lifespan="off") as browser:
        assert [data for name, data in browser.events("/delivered") if name == "message"] == ["checking", "True"]
        assert browser.cookies() == {"app_session": "8f14e45f"}


def test_channels_sign_in_and_out_inside_a_socket(project: Deployment) -> None:
    from channels.auth import AuthMiddlewareStack
    from channels.generic.websocket import AsyncWebsocketConsumer
    from channels.routing import ProtocolTypeRouter, URLRouter
    from django.contrib.auth import aauthenticate
    from django.core.asgi import get_asgi_application

    from apply_cookies import channels

    class SignIn(AsyncWebsocketConsumer):  # type: ignore[misc]
        async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
            if text_data == "out":
                receipt = await channels.logout(self)
            else:
                user = await aauthenticate(username="ada", password=text_data)
                receipt = await channels.login(self, user)
            await self.send((await receipt).value)

    http = get_asgi_application()
    sockets = AuthMiddlewareStack(URLRouter([path("socket", SignIn.as_asgi())]))
    app = ApplyCookiesMiddleware(ProtocolTypeRouter({"http": http, "websocket": sockets}), project.core())
    with serving(app, project.port, lifespan="off") as browser:
        browser.http.post("/__apply-cookies/bind", headers={"Origin": browser.origin})
        assert talk(browser, "lovelace") == "released"
        assert browser.http.get("/who").text == "ada"
        assert talk(browser, "out") == "released"
        assert browser.http.get("/who").text == ""
        assert "sessionid" not in browser.cookies()


def talk(browser: Browser, text: str) -> str | bytes:
    address = browser.origin.replace("http", "ws") + "/socket"
    fields = {"Cookie": browser.cookie_field()}
    with websockets.sync.client.connect(address, origin=browser.origin, additional_headers=fields) as socket:  # type: ignore[arg-type]
        socket.send(text)
        assert browser.post(json.loads(socket.recv())["token"]) == 204
        return socket.recv()


def test_a_test_client_finds_the_handle(project: Deployment, client: Any = None) -> None:
    from conftest import SECRET
    from django.test import Client

    from apply_cookies import testing

    response = Client().get("/events", headers={"host": "127.0.0.1"})
    assert (response["Cache-Control"], response["X-Accel-Buffering"]) == ("no-store", "no")
    lines = testing.redeem(response, secret=SECRET)
    assert lines == ["app_session=8f14e45f; Path=/; HttpOnly; SameSite=Lax"]
    assert isinstance(response.wsgi_request, HttpRequest)
