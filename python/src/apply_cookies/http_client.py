"""Requests to the service: over a unix socket, or over TCP."""

from __future__ import annotations

import http.client
import ipaddress
import socket
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .errors import ServiceError


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


@dataclass(frozen=True)
class Address:
    """Where the service listens: `unix:/path`, `127.0.0.1:8788`, or the same with `http://`."""

    text: str

    def __post_init__(self) -> None:
        if not self.text.startswith("unix:") and "/" in self.text.split("://")[-1].rstrip("/"):
            raise ServiceError(f"{self.text!r} is not an address: unix:/PATH, HOST:PORT or http://HOST:PORT")

    @property
    def is_local(self) -> bool:
        """Whether it cannot be another machine: a socket, or loopback."""
        if self.text.startswith("unix:"):
            return True
        host = self._host_and_port()[0]
        try:
            return host == "localhost" or ipaddress.ip_address(host).is_loopback
        except ValueError:
            return False

    def connect(self, timeout: float) -> http.client.HTTPConnection:
        """A connection that is not open yet. `timeout` is in seconds, for each step."""
        if self.text.startswith("unix:"):
            return _UnixConnection(self.text.removeprefix("unix:"), timeout)
        if self.text.startswith("https://"):
            return http.client.HTTPSConnection(*self._host_and_port(), timeout=timeout)
        return http.client.HTTPConnection(*self._host_and_port(), timeout=timeout)

    def _host_and_port(self) -> tuple[str, int | None]:
        host, _, port = self.text.split("://")[-1].rstrip("/").rpartition(":")
        return (host.strip("[]"), int(port)) if port.isdigit() else (self.text.split("://")[-1], None)


@dataclass(frozen=True)
class Answer:
    """An answer, read to its end."""

    status: int
    reason: str
    fields: Sequence[tuple[str, str]]
    body: bytes


def ask(
    address: Address,
    method: str,
    path: str,
    fields: Iterable[tuple[str, str | bytes]] = (),
    body: bytes = b"",
    timeout: float = 10.0,
) -> Answer:
    """Makes one request. Raises `OSError` or `http.client.HTTPException`."""
    connection = address.connect(timeout)
    try:
        connection.putrequest(method, path, skip_accept_encoding=True)
        for name, value in fields:
            connection.putheader(name, value)
        if body or method == "POST":
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body or None)
        response = connection.getresponse()
        return Answer(response.status, response.reason, response.getheaders(), response.read())
    finally:
        connection.close()
