"""The real service, real servers, and a browser of a few lines with a real cookie jar."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from apply_cookies import ApplyCookies

ROOT = Path(__file__).parents[2]
SECRET = secrets.token_urlsafe(32)


def program() -> str:
    beside = ROOT / "target/debug/apply-cookies"
    found = os.environ.get("APPLY_COOKIES_PROGRAM") or (str(beside) if beside.exists() else shutil.which(beside.name))
    assert found, "build the program: cargo build -p apply-cookies-service"
    return found


def environment_of(**more: str) -> dict[str, str]:
    """What another process gets: nothing that could be a setting."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("APPLY_COOKIES_")}
    return kept | more


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def until(what: Callable[[], Any], seconds: float = 20.0) -> Any:
    """Waits until `what` gives something."""
    end = time.monotonic() + seconds
    while True:
        try:
            if found := what():
                return found
        except OSError:
            pass
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.02)


@dataclass
class Deployment:
    """One service, and the address at which each test's app is."""

    port: int
    public: str
    internal: str
    origin: str = field(init=False)

    def __post_init__(self) -> None:
        self.origin = f"http://127.0.0.1:{self.port}"

    def core(self, **options: Any) -> ApplyCookies:
        defaults: dict[str, Any] = {"service": f"unix:{self.internal}", "forward": f"unix:{self.public}"}
        return ApplyCookies(SECRET, **(defaults | options))


@pytest.fixture(scope="session")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    folder = tmp_path_factory.mktemp("service")
    made = Deployment(free_port(), str(folder / "public.sock"), str(folder / "api.sock"))
    command = [program(), "serve", "--listen", f"unix:{made.public}", "--api-listen", f"unix:{made.internal}"]
    environ = environment_of(APPLY_COOKIES_SECRET_KEY=SECRET)
    child = subprocess.Popen([*command, "--origin", made.origin], env=environ)

    def ready() -> bool:
        assert child.poll() is None, "the service has ended"
        with httpx.Client(transport=httpx.HTTPTransport(uds=made.internal)) as client:
            try:
                return client.get("http://localhost/readyz").status_code == 200
            except httpx.TransportError:
                return False

    try:
        until(ready)
        yield made
    finally:
        child.terminate()
        child.wait(10)


class Browser:
    """Opens streams, posts tokens as the page's module does, and keeps cookies as browsers do."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.http = httpx.Client(base_url=origin, cookies=CookieJar(), timeout=20)

    def cookies(self) -> dict[str, str]:
        """What it has, except for the binding."""
        jar = {cookie.name: cookie.value or "" for cookie in self.http.cookies.jar}
        return {name: value for name, value in jar.items() if "apply-cookies" not in name}

    def cookie_field(self) -> str:
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in self.http.cookies.jar)

    def post(self, token: str) -> int:
        fields = {"Origin": self.origin, "Sec-Fetch-Site": "same-origin"}
        form = {"t": token, "r": secrets.token_urlsafe(16)}
        return self.http.post("/__apply-cookies", headers=fields, data=form).status_code

    def events(self, path: str = "/events", redeems: bool = True) -> list[tuple[str, str]]:
        """Every event of a stream, in order; tokens are posted as they come."""
        heard: list[tuple[str, str]] = []
        name, data = "message", ""
        with self.http.stream("GET", path, headers={"Accept": "text/event-stream"}) as response:
            assert response.status_code == 200, response.read()
            for line in response.iter_lines():
                if line.startswith("event:"):
                    name = line[6:].strip()
                elif line.startswith("data:"):
                    data = line[5:].strip()
                elif not line and data:
                    heard.append((name, data))
                    if name == "apply-cookies" and redeems:
                        assert self.post(data.split('"')[3]) == 204
                    name, data = "message", ""
        return heard


@contextmanager
def serving(app: Any, port: int, **options: Any) -> Iterator[Browser]:
    """The app on uvicorn, over a real socket."""
    config = uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning", ws="websockets-sansio", **options)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until(lambda: server.started)
    try:
        yield Browser(f"http://127.0.0.1:{port}")
    finally:
        server.should_exit = True
        thread.join(10)


@contextmanager
def serving_wsgi(app: Any, port: int) -> Iterator[Browser]:
    """A WSGI app on werkzeug's threaded server."""
    from werkzeug.serving import make_server

    server = make_server("127.0.0.1", port, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield Browser(f"http://127.0.0.1:{port}")
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()
