"""Every vector of protocol/vectors, asked as `apply-cookies conformance` asks it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from apply_cookies.conformance import answer

VECTORS = Path(__file__).parents[2] / "protocol/vectors"
SHOULD = {"template", "reference", "placeholder", "guessable"}


def load(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))


def cases(name: str) -> list[Any]:
    found = load(VECTORS / f"{name}.json")["cases"]
    return [pytest.param(case, id=f"{number}-{case.get('comment', '')}") for number, case in enumerate(found)]


def files(pattern: str) -> list[Any]:
    found = sorted(VECTORS.glob(pattern))
    assert found
    return [pytest.param(path, id=str(path.relative_to(VECTORS))) for path in found]


def ask(do: str, **fields: Any) -> dict[str, Any]:
    reply = answer({"id": 1, "do": do, **fields})
    assert reply.pop("id") == 1
    return reply


@pytest.mark.parametrize("path", files("accept/*.json"))
def test_a_token_is_opened_and_sealing_what_it_says_gives_the_same_text(path: Path) -> None:
    case = load(path)
    asked = {name: case[name] for name in ("secret", "previous_secrets", "token", "now", "binding_cookie")}
    opened = case["opened"]
    reply = ask("open", binding_required=case["binding_required"], **asked)
    assert reply == {"opened": opened, "set_cookie": case["set_cookie"]}
    # It was sealed under whichever of the secrets opens it.
    again = [
        ask(
            "seal", secret=secret, seal=opened["seal"], now=opened["issued_at"],
            ttl_ms=opened["expires_at"] - opened["issued_at"], nonce=opened["nonce"], iv=case["iv"],
            binding_cookie=case["binding_cookie"] if opened["bound"] else None, scope=opened["scope"],
            barrier=opened["barrier"], then=opened["then"], operations=opened["operations"],
        )
        for secret in [case["secret"], *case["previous_secrets"]]
    ]  # fmt: skip
    assert {"token": case["token"]} in again


@pytest.mark.parametrize("path", files("reject/*/*.json"))
def test_a_token_is_refused_at_the_step_of_its_folder(path: Path) -> None:
    case = load(path)
    names = ("secret", "previous_secrets", "token", "now", "binding_cookie", "binding_required")
    assert ask("open", **{name: case[name] for name in names}) == {"step": path.parent.name}


@pytest.mark.parametrize("case", cases("values"))
def test_a_value_is_read_and_written(case: Any) -> None:
    refused = {"reason": case["reason"]} if "reason" in case else None
    if "text" in case:
        names = ("secret", "previous_secrets", "name", "protection", "now", "text", "json")
        read = {name: case.get(name) for name in ("value", "expires_at", "under_previous_key")}
        assert ask("read-value", **{name: case[name] for name in names}) == (refused or read)
    if case.get("written"):
        names = ("secret", "name", "protection", "now", "value", "json", "expires_at")
        reply = ask("write-value", iv=case.get("iv"), **{name: case[name] for name in names})
        assert reply == (refused or {"text": case["text"]})


@pytest.mark.parametrize("case", cases("cookie-header"))
def test_a_cookie_field_is_read(case: Any) -> None:
    assert ask("cookie", fields=case["fields"], name=case["name"]) == {"found": case["found"]}


@pytest.mark.parametrize("case", cases("set-cookie"))
def test_a_line_is_written_or_its_field_refused(case: Any) -> None:
    text = case.get("text", json.dumps(case.get("operation")))
    expected = {name: case[name] for name in ("set_cookie", "field") if name in case}
    assert ask("set-cookie", text=text, plain_http=case.get("plain_http", False)) == expected


@pytest.mark.parametrize("case", cases("secrets"))
def test_a_secret_is_refused_by_the_first_rule(case: Any) -> None:
    reply = ask("secret", form=case["form"], text=case["text"])
    if case["refused"] in SHOULD:
        assert "secrets" in reply or reply["refused"] in SHOULD
    else:
        assert reply == {"refused": case["refused"], "entry": case.get("entry")}


@pytest.mark.parametrize("do", ["batch", "keys", "frame", "binding"])
def test_the_further_vectors(do: str) -> None:
    for parameter in cases({"batch": "batches", "frame": "frames", "binding": "bindings"}.get(do, do)):
        case = dict(parameter.values[0])  # type: ignore[arg-type]
        expected = {
            name: case.pop(name)
            for name in ("payload", "field", "keys", "refused", "sse", "websocket", "html", "set_cookie", "why")
            if name in case
        }
        if do == "binding":
            expected["binding"] = case.pop("binding")
        case.pop("comment", None)
        if do == "batch":
            case = {"plain_http": False, "now": 1, "ttl_ms": 1, "nonce": "A" * 22} | case
        assert ask(do, **case) == expected, parameter.id
