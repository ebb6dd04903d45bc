"""The program that `apply-cookies conformance -- python -m apply_cookies.conformance` asks.

One JSON object a line in and out; `protocol/conformance/README.md` describes them.
"""

from __future__ import annotations

import json
import sys
from typing import Any, cast

from . import __version__, secrets
from .codec import base64url, batch, frames, values
from .codec.keys import Key, KeyRing
from .codec.operations import settle
from .codec.payload import Payload, check_then, check_times, encode
from .codec.requests import Fields, Site, read_cookie
from .codec.token import Refused, binding_bytes, open_token, seal
from .errors import BadSecret, InvalidOperation


def _bytes(text: str | None) -> bytes:
    data = base64url.decode(text or "")
    if data is None:
        raise ValueError("not base64url")
    return data


def _maybe(text: str | None) -> bytes | None:
    return None if text is None else _bytes(text)


def _then(then: Any) -> str | None:
    if isinstance(then, dict):
        path = str(cast("dict[str, object]", then)["go"])
        if not path.startswith("/"):
            raise InvalidOperation("then")
        return path
    return None if then is None else str(then)


def _hello(ask: dict[str, Any]) -> dict[str, Any]:
    return {"name": "python", "version": __version__, "can": [name for name in _ANSWERS if name != "hello"]}


def _seal(ask: dict[str, Any]) -> dict[str, Any]:
    key = Key(ask["secret"])
    cookie = binding_bytes(ask["binding_cookie"])
    then = _then(ask["then"])
    check_then(then)
    operations = [settle(batch.operation_of(operation)) for operation in ask["operations"]]
    binding = None if cookie is None else key.binding_of(cookie)
    payload = Payload(
        _bytes(ask["nonce"]), ask["now"], ask["ttl_ms"], operations, ask["barrier"], _maybe(ask["scope"]), binding, then
    )
    return {"token": seal(key, payload, ask["seal"], _maybe(ask["iv"]))}


def _open(ask: dict[str, Any]) -> dict[str, Any]:
    ring = KeyRing(ask["secret"], ask["previous_secrets"])
    how, payload, lines = open_token(ring, ask["token"], ask["now"], ask["binding_cookie"], ask["binding_required"])
    then = {"go": payload.then} if payload.then and payload.then.startswith("/") else payload.then
    opened = {
        "seal": how,
        "nonce": base64url.encode(payload.nonce),
        "issued_at": payload.issued_at,
        "expires_at": payload.expires_at,
        "barrier": payload.barrier,
        "scope": None if payload.scope is None else base64url.encode(payload.scope),
        "bound": payload.binding is not None,
        "then": then,
        "operations": [batch.to_json(operation) for operation in payload.operations],
    }
    return {"opened": opened, "set_cookie": lines}


def _write_value(ask: dict[str, Any]) -> dict[str, Any]:
    text = values.write(
        KeyRing(ask["secret"]), ask["name"], ask["protection"], ask["value"].encode("utf-8"),
        now=ask["now"], expires_at=ask["expires_at"], iv=_maybe(ask["iv"]), is_json=ask["json"],
    )  # fmt: skip
    return {"text": text}


def _read_value(ask: dict[str, Any]) -> dict[str, Any]:
    ring = KeyRing(ask["secret"], ask["previous_secrets"])
    value = values.read(ring, ask["name"], ask["protection"], ask["text"].encode("utf-8"), now=ask["now"])
    if ask["json"]:
        value.json()
    return {
        "value": value.text(),
        "expires_at": value.expires_at,
        "under_previous_key": value.under_previous_key,
    }


def _cookie(ask: dict[str, Any]) -> dict[str, Any]:
    found = read_cookie([field.encode("latin-1") for field in ask["fields"]], ask["name"].encode("latin-1"))
    if len(found) == 1:
        return {"found": {"value": found[0].decode("latin-1")}}
    return {"found": "duplicate" if found else "absent"}


def _set_cookie(ask: dict[str, Any]) -> dict[str, Any]:
    return {"set_cookie": batch.read_operation(ask["text"], not ask["plain_http"]).line()}


def _batch(ask: dict[str, Any]) -> dict[str, Any]:
    operations = batch.read_batch(ask["text"], not ask["plain_http"])
    check_times(ask["now"], ask["ttl_ms"])
    return {"payload": base64url.encode(encode(Payload(_bytes(ask["nonce"]), ask["now"], ask["ttl_ms"], operations)))}


def _keys(ask: dict[str, Any]) -> dict[str, Any]:
    key = KeyRing(ask["secret"], ask["previous_secrets"]).current
    infos = ["token/hmac-sha256/", "token/fernet/", "binding/hmac-sha256/"]
    infos += [f"cookie/{algorithm}/{ask['name']}" for algorithm in ("hmac-sha256", "fernet")]
    keys = {"key-id//": key.id} | {info: key.derive(info) for info in infos}
    return {"keys": {info: base64url.encode(value) for info, value in keys.items()}}


def _frame(ask: dict[str, Any]) -> dict[str, Any]:
    token = ask["token"]
    return {"sse": frames.sse(token), "websocket": frames.websocket(token), "html": frames.html(token)}


def _binding(ask: dict[str, Any]) -> dict[str, Any]:
    fields = [(b"cookie", field.encode("latin-1")) for field in ask["cookie"]]
    for name in ("origin", "sec_fetch_site", "sec_fetch_mode", "sec_fetch_dest"):
        if ask[name] is not None:
            fields.append((name.replace("_", "-").encode(), ask[name].encode("latin-1")))
    site = Site(ask["origins"])
    found, why = site.read_binding(Fields(ask["method"], fields))
    if why is not None:
        return {"binding": found, "set_cookie": None, "why": why}
    return {"binding": ask["fresh"], "set_cookie": site.binding_line(ask["fresh"]), "why": "made"}


def _secret(ask: dict[str, Any]) -> dict[str, Any]:
    return {"secrets": secrets.read(ask["text"], ask["form"])}


_ANSWERS = {
    "hello": _hello, "seal": _seal, "open": _open, "write-value": _write_value, "read-value": _read_value,
    "cookie": _cookie, "set-cookie": _set_cookie, "batch": _batch, "keys": _keys, "frame": _frame,
    "binding": _binding, "secret": _secret,
}  # fmt: skip


def answer(ask: dict[str, Any]) -> dict[str, Any]:
    """Answers one question."""
    try:
        found = _ANSWERS[ask["do"]](ask)
    except InvalidOperation as error:
        found = {"field": error.field}
    except Refused as error:
        found = {"step": error.step}
    except values.Unreadable as error:
        found = {"reason": error.reason}
    except BadSecret as error:
        found = {"refused": error.rule} | ({"entry": error.entry} if ask["do"] == "secret" else {})
    except Exception as error:  # a fault of this program, which the runner shows
        found = {"error": f"{type(error).__name__}: {error}"}
    return {"id": ask["id"], **found}


def main() -> None:
    """Answers line by line until standard input ends."""
    for line in sys.stdin.buffer:
        sys.stdout.buffer.write(json.dumps(answer(json.loads(line))).encode() + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
