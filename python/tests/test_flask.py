"""Flask, and WSGI beneath it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from conftest import SECRET, Deployment, serving_wsgi
from flask import Flask, Response

from apply_cookies import LostCookie, Outcome, testing
from apply_cookies.flask import ApplyCookies, cookies


def app_of(deployment: Deployment) -> Flask:
    app = Flask(__name__)
    ac = ApplyCookies(app, deployment.core())
    receipts = app.config["receipts"] = []

    def stream(generator: Iterator[str]) -> Response:
        return Response(ac.stream(generator), mimetype="text/event-stream")

    @app.get("/events")
    def events() -> Response:
        def generate() -> Iterator[str]:
            yield "data: checking\n\n"
            cookies.set("app_session", "8f14e45f")
            yield "data: done\n\n"

        return stream(generate())

    @app.get("/waits")
    def waits() -> Response:
        def generate() -> Iterator[str]:
            receipt = cookies.set("app_session", "8f14e45f")
            yield "data: sent\n\n"
            yield f"data: {receipt.wait(10).name}\n\n"

        return stream(generate())

    @app.get("/last")
    def last() -> Response:
        def generate() -> Iterator[str]:
            yield "data: checking\n\n"
            cookies.set("app_session", "8f14e45f")

        return stream(generate())

    @app.get("/raises")
    def raises() -> Response:
        def generate() -> Iterator[str]:
            yield "data: checking\n\n"
            receipts.append(cookies.set("app_session", "8f14e45f"))
            raise ZeroDivisionError

        return stream(generate())

    @app.get("/page")
    def page() -> Response:
        cookies.set("theme", "dark")
        cookies.delete("old")
        return Response("page")

    @app.get("/late")
    def late() -> Response:
        def generate() -> Iterator[str]:
            yield "<p>"
            try:
                cookies.set("theme", "dark")
            except LostCookie as error:
                yield str(error)

        return Response(ac.stream(generate()))

    return app


def test_a_stream_signs_in_and_the_frame_goes_first(deployment: Deployment) -> None:
    with serving_wsgi(app_of(deployment), deployment.port) as browser:
        assert [name for name, _ in browser.events()] == ["message", "apply-cookies", "message"]
        assert browser.cookies() == {"app_session": "8f14e45f"}


def test_what_is_set_last_goes_with_the_end(deployment: Deployment) -> None:
    with serving_wsgi(app_of(deployment), deployment.port) as browser:
        assert [name for name, _ in browser.events("/last")] == ["message", "apply-cookies"]
        assert browser.cookies() == {"app_session": "8f14e45f"}


def test_a_receipt_can_be_waited_for(deployment: Deployment) -> None:
    with serving_wsgi(app_of(deployment), deployment.port) as browser:
        assert browser.events("/waits")[-1] == ("message", "RELEASED")


def test_a_generator_that_raises_loses_the_cookie_aloud(
    deployment: Deployment, caplog: pytest.LogCaptureFixture
) -> None:
    app = app_of(deployment)
    with serving_wsgi(app, deployment.port) as browser, pytest.raises(httpx.RemoteProtocolError):
        browser.events("/raises")
    receipt: Any = app.config["receipts"][0]
    assert receipt.outcome is Outcome.UNDELIVERABLE and "app_session" in caplog.text


def test_ordinary_responses_and_late_ones(deployment: Deployment) -> None:
    with serving_wsgi(app_of(deployment), deployment.port) as browser:
        lines = browser.http.get("/page").headers.get_list("set-cookie")
        assert [line.split(";")[0] for line in lines] == ["theme=dark", "old="]
        assert "not a stream of server-sent events" in browser.http.get("/late").text


def test_a_test_client_redeems(deployment: Deployment) -> None:
    response = app_of(deployment).test_client().get("/events", base_url=deployment.origin)
    assert testing.redeem(response, secret=SECRET) == ["app_session=8f14e45f; Path=/; HttpOnly; SameSite=Lax"]
