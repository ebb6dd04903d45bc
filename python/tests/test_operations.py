"""What the handle takes from an app, beyond the vectors: types are only hints."""

from __future__ import annotations

import secrets
from typing import Any

import pytest

from apply_cookies import ApplyCookies, InvalidOperation, SetCookie

APP = ApplyCookies(secrets.token_urlsafe(32), origins=["https://app.example"])


@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        ("same_site", "Lax; Domain=example"),
        ("same_site", "Lax\r\nLocation: https://evil.example"),
        ("same_site", "lax"),
        ("same_site", ""),
        ("max_age", "60; Domain=example"),
        ("max_age", 1.5),
        ("max_age", True),
    ],
)
def test_an_attribute_of_another_type_or_word_never_gets_into_a_line(attribute: str, value: Any) -> None:
    cookies = APP.handle("GET", [])
    with pytest.raises(InvalidOperation) as refused:
        cookies.set("theme", "dark", **{attribute: value})
    assert refused.value.field == attribute
    assert cookies.head(200, []) == []


def test_neither_values_nor_tokens_are_printed() -> None:
    operation = SetCookie("app_session", "8f14e45f")
    assert "8f14e45f" not in repr(operation)
    cookie = secrets.token_urlsafe(32)
    (minted,) = APP.mint([operation], cookie)
    assert minted.token not in repr(minted) and "8f14e45f" not in repr(minted)
