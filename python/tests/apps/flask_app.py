"""Flask: server-sent events, and a receipt that is waited for."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Flask, Response
from page import PAGE

from apply_cookies import Outcome
from apply_cookies.flask import ApplyCookies, cookies

app = Flask(__name__)
ac = ApplyCookies(app)


@app.get("/")
def page() -> str:
    return PAGE


@app.get("/who")
def who() -> str:
    return cookies.get("app_session") or "nobody"


@app.get("/in")
def sign_in() -> Response:
    def generate() -> Iterator[str]:
        receipt = cookies.set("app_session", "ada")
        yield "data: checking\n\n"
        yield f"data: {'welcome' if receipt.wait(10) is Outcome.RELEASED else 'not taken'}\n\n"
        yield "event: done\ndata:\n\n"

    return Response(ac.stream(generate()), mimetype="text/event-stream")


@app.get("/out")
def sign_out() -> Response:
    def generate() -> Iterator[str]:
        receipt = cookies.delete("app_session")
        cookies.barrier()
        yield "data: leaving\n\n"
        yield f"data: {'gone' if receipt.wait(10) is Outcome.RELEASED else 'not taken'}\n\n"
        yield "event: done\ndata:\n\n"

    return Response(ac.stream(generate()), mimetype="text/event-stream")
