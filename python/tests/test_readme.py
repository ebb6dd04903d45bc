"""The lines of the README as they stand, with the wheel in an environment that is empty but for it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from conftest import Browser, free_port, program, until
from test_django import talk

README = (Path(__file__).parents[1] / "README.md").read_text("utf-8")
PYTHON = Path(os.environ["EMPTY_ENVIRONMENT"]) / "bin/python"

# What every Django project has, and the README does not repeat.
PROJECT = """
SECRET_KEY = "only for these tests"
ROOT_URLCONF = "urls"
INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "db"}}
ALLOWED_HOSTS = ["127.0.0.1"]
"""
URLS = """
from django.http import HttpResponse
from django.urls import path
import views
urlpatterns = [path("events", views.events), path("who", lambda request: HttpResponse(request.user.get_username()))]
"""
USER = "from django.contrib.auth.models import User; User.objects.create_user('ada', password='lovelace')"


def save(folder: Path, name: str, before: str = "") -> None:
    """Saves the README's block that begins with the name of this file."""
    block = re.search(rf"```python\n# {re.escape(name)}\n(.*?)```", README, re.DOTALL)
    assert block
    (folder / name).write_text(before + block[1], "utf-8")


def environment(**more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "APPLY_COOKIES_SECRET_KEY")}
    return kept | {"APPLY_COOKIES_PROGRAM": program()} | more


@contextmanager
def running(folder: Path, *arguments: str, port: int) -> Iterator[Any]:
    child = subprocess.Popen([str(PYTHON), "-P", "-m", *arguments], cwd=folder, env=environment(PYTHONPATH="."))
    try:
        browser = Browser(f"http://127.0.0.1:{port}")

        def answers() -> bool:
            assert child.poll() is None
            try:
                return browser.http.get("/").status_code > 0
            except httpx.TransportError:
                return False

        until(answers)
        yield browser, child
    finally:
        child.send_signal(signal.SIGINT)
        child.wait(20)


def uvicorn(folder: Path, app: str, port: int) -> Any:
    return running(folder, "uvicorn", app, "--port", str(port), "--ws", "websockets-sansio", port=port)


def services() -> set[int]:
    """The processes of the program that listen on a folder of `dev`."""
    found = set()
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = entry.read_bytes().split(b"\0")
        except OSError:
            continue
        if words[1:2] == [b"serve"] and any(b"/apply-cookies-" in word for word in words):
            found.add(int(entry.parent.name))
    return found


def sockets() -> set[Path]:
    """Those in folders of `dev`, also what was left there before."""
    return set(Path(tempfile.gettempdir()).glob("apply-cookies-*/api.sock"))


def test_fastapi_signs_in_at_once_and_the_socket_keeps_a_theme(tmp_path: Path) -> None:
    save(tmp_path, "main.py")
    port = free_port()
    with uvicorn(tmp_path, "main:app", port) as (browser, _):
        heard = browser.events("/events")
        assert [data for name, data in heard if name == "message"] == ["checking", "welcome"]
        assert browser.http.get("/me").json() == {"app_session": "8f14e45f"}
        assert talk(browser, "dark") == "kept"
        assert browser.cookies() == {"app_session": "8f14e45f", "theme": "dark"}


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_the_service_of_dev_ends_with_the_app(tmp_path: Path, how: signal.Signals) -> None:
    save(tmp_path, "main.py")
    before, left = services(), sockets()
    with uvicorn(tmp_path, "main:app", free_port()) as (browser, child):
        assert len(services() - before) == 1
        browser.events("/events")
        child.send_signal(how)
        until(lambda: not services() - before)
    assert not sockets() - left


def test_dev_refuses_to_start_where_a_secret_is_set(tmp_path: Path) -> None:
    save(tmp_path, "main.py")
    secret = {"APPLY_COOKIES_SECRET_KEY": "x"}
    command = [str(PYTHON), "-m", "uvicorn", "main:app", "--port", str(free_port())]
    ended = subprocess.run(command, cwd=tmp_path, env=environment(**secret), capture_output=True, text=True, timeout=60)
    assert ended.returncode and "this looks like production" in ended.stderr


def test_django_and_channels(tmp_path: Path) -> None:
    save(tmp_path, "settings.py", PROJECT)
    save(tmp_path, "views.py")
    save(tmp_path, "asgi.py")
    (tmp_path / "urls.py").write_text(URLS)
    settings = environment(DJANGO_SETTINGS_MODULE="settings", PYTHONPATH=".")
    for command in (["migrate", "--verbosity=0"], ["shell", "-c", USER]):
        subprocess.run(
            [str(PYTHON), "-P", "-m", "django", *command], cwd=tmp_path, env=settings, check=True, timeout=60
        )
    os.environ["DJANGO_SETTINGS_MODULE"] = "settings"
    try:
        port = free_port()
        address = f"127.0.0.1:{port}"
        with running(tmp_path, "django", "runserver", "--noreload", address, port=port) as (browser, _):
            assert [name for name, _ in browser.events()] == ["message", "apply-cookies", "message"]
            assert browser.cookies() == {"app_session": "8f14e45f"}
        with uvicorn(tmp_path, "asgi:application", free := free_port()) as (browser, _):
            assert browser.origin.endswith(str(free))
            # Under ASGI, Django runs a synchronous stream to its end before it sends anything.
            assert [name for name, _ in browser.events()] == ["apply-cookies", "message", "message"]
            assert talk(browser, "lovelace") == "released"
            assert browser.http.get("/who").text == "ada"
            assert talk(browser, "out") == "released"
            assert browser.http.get("/who").text == ""
    finally:
        del os.environ["DJANGO_SETTINGS_MODULE"]


def test_flask(tmp_path: Path) -> None:
    save(tmp_path, "app.py")
    port = free_port()
    with running(tmp_path, "flask", "--app", "app", "run", "--port", str(port), port=port) as (browser, _):
        assert [name for name, _ in browser.events()] == ["message", "apply-cookies", "message"]
        assert browser.cookies() == {"app_session": "8f14e45f"}


def test_the_wheel_has_types_licences_and_one_dependency() -> None:
    said = "import importlib.metadata as m; d = m.distribution('apply-cookies'); print(d.requires, *d.files)"
    listed = subprocess.run([str(PYTHON), "-c", said], capture_output=True, text=True, check=True, cwd="/").stdout
    assert "py.typed" in listed and "LICENSE-MIT" in listed and "LICENSE-APACHE" in listed
    assert re.search(r"\['cryptography>=\d+', .apply-cookies-server; extra == 'server'.\]", listed)
