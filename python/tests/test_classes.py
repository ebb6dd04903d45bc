"""Cookie classes: what they hold, and what they refuse to believe."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import Any, Literal

import pydantic
import pytest

from apply_cookies import ApplyCookies, Cookies, InvalidOperation, cookie_class

SECRET = secrets.token_urlsafe(32)


@dataclass
class Place:
    city: str
    point: tuple[float, float] = (0.0, 0.0)


@cookie_class("account", encrypted=True, max_age=3600)
@dataclass
class Account:
    user: str
    admin: bool = False
    visits: int | None = None
    tags: list[str] = field(default_factory=list)
    places: dict[str, Place] = field(default_factory=dict)
    plan: Literal["free", "paid"] = "free"


@cookie_class("model", signed=True)
class Model(pydantic.BaseModel):
    user: str
    visits: int = 0


@cookie_class("theme")
@dataclass
class Theme:
    dark: bool


@cookie_class("__Host-strict", encrypted=True)
@dataclass
class Strict:
    user: str


def core(origin: str = "https://app.example", secret: str = SECRET, previous: tuple[str, ...] = ()) -> ApplyCookies:
    return ApplyCookies(secret, previous=previous, origins=[origin])


def written(app: ApplyCookies, instance: object) -> str:
    cookies = app.handle("GET", [])
    cookies.set(instance)
    return cookies.head(200, [])[0]


def sent(app: ApplyCookies, *pairs: str) -> Cookies:
    return app.handle("GET", [(b"cookie", "; ".join(pairs).encode())])


@pytest.mark.parametrize(
    "instance",
    [
        Account("ada"),
        Account("ada", True, 3, ["a", "b"], {"home": Place("Zürich", (47.4, 8.5))}, "paid"),
        Model(user="ada", visits=3),
        Theme(True),
        Strict("ada"),
    ],
)
def test_what_is_set_is_read(instance: Any) -> None:
    pair = written(core(), instance).split(";")[0]
    assert sent(core(), pair).read(type(instance)) == instance
    scope = {"type": "http", "apply_cookies": sent(core(), pair)}
    assert type(instance).read(scope) == instance


def test_a_host_cookie_works_on_plain_http_under_its_other_name() -> None:
    app = core("http://localhost:8000")
    line = written(app, Strict("ada"))
    assert line.startswith("strict=ce1.") and "Secure" not in line
    assert sent(app, line.split(";")[0]).read(Strict) == Strict("ada")


@pytest.mark.parametrize("instance", [Account("ada"), Model(user="ada")])
def test_values_that_cannot_be_trusted_are_absent(instance: Any) -> None:
    pair = written(core(), instance).split(";")[0]
    cls, name = type(instance), pair.split("=")[0]
    assert sent(core(secret=secrets.token_urlsafe(32)), pair).read(cls) is None
    assert sent(core(), pair, pair).read(cls) is None
    assert sent(core(), pair[:-2] + ("AA" if pair[-2:] != "AA" else "BB")).read(cls) is None
    assert sent(core(), f"{name}=nonsense").read(cls) is None
    assert sent(core(), f"other={pair.split('=')[1]}").read(cls) is None


def test_a_value_of_an_older_secret_is_read() -> None:
    pair = written(core(), Account("ada")).split(";")[0]
    assert sent(core(secret=secrets.token_urlsafe(32), previous=(SECRET,)), pair).read(Account) == Account("ada")


def test_a_value_ends_with_its_age(monkeypatch: pytest.MonkeyPatch) -> None:
    pair = written(core(), Account("ada")).split(";")[0]
    import time

    later = time.time_ns() + 3_601 * 10**9
    monkeypatch.setattr(time, "time_ns", lambda: later)
    assert sent(core(), pair).read(Account) is None


@pytest.mark.parametrize(
    "value", ['{"dark":1}', '{"dark":"true"}', "[]", "{}", '{"dark":null}', '{"dark":true,"dark":true}']
)
def test_a_value_that_the_class_cannot_hold_is_absent(value: str) -> None:
    encoded = value.replace('"', "%22").replace(",", "%2C")
    assert sent(core(), f"theme={encoded}").read(Theme) is None


def test_unknown_fields_are_ignored() -> None:
    assert sent(core(), "theme={%22dark%22:true%2C%22new%22:1}").read(Theme) == Theme(True)


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(InvalidOperation, match="too-long"):
        core().handle("GET", []).set(Account("a" * 4096))


def test_a_class_without_the_decorator_says_so() -> None:
    with pytest.raises(TypeError, match="@cookie_class"):
        core().handle("GET", []).set(Place("Zürich"))
