"""The service for development: started by the app, and ended with it."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from .errors import ServiceError
from .http_client import Address
from .secrets import SECRET

# Ends the program when standard input does, which it does however the app ends.
_WATCH = """
import subprocess, sys, threading, shutil
child = subprocess.Popen(sys.argv[2:], stdin=subprocess.DEVNULL)
def watch():
    sys.stdin.buffer.read()
    child.terminate()
threading.Thread(target=watch, daemon=True).start()
code = child.wait()
shutil.rmtree(sys.argv[1], ignore_errors=True)
sys.exit(code)
"""
_START_S = 10.0


def find_program() -> str:
    """The program: `APPLY_COOKIES_PROGRAM`, the one of `apply-cookies[server]`, or the one on the PATH."""
    beside = shutil.which("apply-cookies", path=str(Path(sys.executable).parent))
    found = os.environ.get("APPLY_COOKIES_PROGRAM") or beside or shutil.which("apply-cookies")
    if not found:
        raise ServiceError(
            "dev=True needs the program: pip install 'apply-cookies[server]', or set APPLY_COOKIES_PROGRAM"
        )
    return found


class DevService:
    """A program with a secret of its own, on sockets in a fresh folder."""

    def __init__(self) -> None:
        if os.environ.get(SECRET) or os.environ.get(f"{SECRET}_FILE"):
            raise ServiceError(f"dev=True makes a secret of its own, but {SECRET} is set: this looks like production")
        self.secret = secrets.token_urlsafe(32)
        self._program = find_program()
        self._folder = tempfile.mkdtemp(prefix="apply-cookies-")
        self.public = Address(f"unix:{self._folder}/public.sock")
        self.internal = Address(f"unix:{self._folder}/api.sock")
        self._child: subprocess.Popen[bytes] | None = None

    def start(self, origins: Sequence[str]) -> None:
        """Starts it for pages of these origins, and waits until it answers. Raises `ServiceError`."""
        command = [self._program, "serve", "--listen", self.public.text, "--api-listen", self.internal.text]
        for origin in origins:
            command += ["--origin", origin]
        kept = {name: value for name, value in os.environ.items() if not name.startswith("APPLY_COOKIES_")}
        self._child = subprocess.Popen(
            [sys.executable, "-c", _WATCH, self._folder, *command],
            stdin=subprocess.PIPE,
            env=kept | {SECRET: self.secret},
        )
        until = time.monotonic() + _START_S
        while not all(Path(address.text.removeprefix("unix:")).exists() for address in (self.public, self.internal)):
            if self._child.poll() is not None:
                raise ServiceError(f"{' '.join(command)} ended with {self._child.returncode}")
            if time.monotonic() > until:
                self.stop()
                raise ServiceError(f"{' '.join(command)} did not listen within {_START_S:.0f} s")
            time.sleep(0.02)

    def stop(self) -> None:
        """Ends it, and removes its folder."""
        if self._child and self._child.stdin:
            self._child.stdin.close()
            self._child.wait(timeout=_START_S)
