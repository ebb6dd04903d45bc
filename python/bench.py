"""Prints microseconds of CPU time per call: the median of nine rounds, all peers interleaved in each round."""

from __future__ import annotations

import secrets
import statistics
import time
from collections.abc import Callable

from itsdangerous import URLSafeTimedSerializer

from apply_cookies import ApplyCookies, SetCookie
from apply_cookies.codec import values
from apply_cookies.codec.operations import settle
from apply_cookies.codec.requests import read_cookie
from apply_cookies.codec.token import open_token

SECRET = secrets.token_urlsafe(32)
CALLS, ROUNDS = 2_000, 9

encrypted = ApplyCookies(SECRET, origins=["https://app.example"])
signed = ApplyCookies(SECRET, origins=["https://app.example"], seal="signed")
binding = secrets.token_urlsafe(32)
peer = URLSafeTimedSerializer(SECRET, "cookies")
operation = SetCookie("app_session", "8f14e45fceea167a5a36dedd4bea2543", max_age=3600)
settled = settle(operation)
plain = {"operations": [{"name": operation.name, "value": operation.value, "max_age": 3600}]}
token = encrypted.mint([settled], binding)[0].token
peer_token = peer.dumps(plain)
value = values.write(encrypted.ring, "account", "encrypted", b'{"user":"ada"}', now=0, iv=bytes(16), is_json=True)
now = time.time_ns() // 1_000_000
field = [b"a=1; theme=dark; app_session=8f14e45fceea167a5a36dedd4bea2543; __Host-apply-cookies=" + binding.encode()]


def sets() -> None:
    cookies = encrypted.handle("GET", [(b"cookie", field[0])])
    cookies.carry("sse")
    cookies.set("app_session", operation.value, max_age=3600)
    cookies.take()


WORK: dict[str, Callable[[], object]] = {
    "itsdangerous, sign the same cookie with a time": lambda: peer.dumps(plain),
    "mint, encrypted (the default)": lambda: encrypted.mint([settled], binding),
    "mint, signed": lambda: signed.mint([settled], binding),
    "handle of a request, set, mint": sets,
    "itsdangerous, verify": lambda: peer.loads(peer_token),
    "open a token, encrypted": lambda: open_token(encrypted.ring, token, now, binding),
    "read an encrypted value": lambda: values.read(
        encrypted.ring, "account", "encrypted", value.encode(), now=now
    ).json(),
    "find a cookie in a field": lambda: read_cookie(field, b"app_session"),
}


def main() -> None:
    times: dict[str, list[float]] = {name: [] for name in WORK}
    for _ in range(ROUNDS):
        for name, work in WORK.items():
            begun = time.process_time()
            for _ in range(CALLS):
                work()
            times[name].append((time.process_time() - begun) / CALLS * 1e6)
    medians = {name: statistics.median(taken) for name, taken in times.items()}
    for name, taken in medians.items():
        print(f"{taken:8.1f} µs  {name}")
    ratio = medians["mint, encrypted (the default)"] / medians["itsdangerous, sign the same cookie with a time"]
    print(f"minting takes {ratio:.2f} times what itsdangerous takes to sign")


if __name__ == "__main__":
    main()
