"""Runs every vector that is for a reader of tokens and values: SPEC §11 and §14.

Not here: secrets.json (§2.1), which is about settings, batches.json, bindings.json, frames.json and
keys.json, which programs answer (README.md), and mesop/, which is another profile.
"""

import sys
from pathlib import Path

from keys import Key, KeyRing, from_base64url, to_base64url
from open_token import SEAL, Rejected, open_token, seal_token
from operations import Members, Refused, load_json, operation_from_json, operation_to_json, set_cookie
from payload import Payload
from self_test import SELF_TESTS
from values import Unreadable, find_cookie, read_value, write_value

VECTORS = Path(__file__).parent.parent / "vectors"
# At least as many vectors must be there: one that gets lost is a failure.
FEWEST_ACCEPTED = 28
FEWEST_REJECTED = {
    "too-long": 2,
    "version": 5,
    "form": 8,
    "key": 2,
    "forged": 15,
    "payload": 58,
    "expired": 2,
    "not-yet-valid": 1,
    "wrong-browser": 10,
    "cannot-emit": 62,
}
NOT_HERE = {"batches.json", "bindings.json", "frames.json", "keys.json", "mesop", "secrets.json"}
FEWEST_CASES = {"values": 120, "cookie-header": 58, "set-cookie": 60}

RING = {"secret", "previous_secrets"}
TOKEN = RING | {"comment", "now", "binding_required", "binding_cookie", "token"}
ACCEPTED = TOKEN | {"iv", "opened", "set_cookie"}
OPENED = {"seal", "nonce", "issued_at", "expires_at", "barrier", "scope", "bound", "then", "operations"}
VALUE = RING | {"comment", "name", "protection", "now", "text", "json"}
READ = VALUE | {"value", "expires_at", "under_previous_key"}
NOT_WRITTEN = VALUE - {"text"} | {"value", "expires_at", "written", "reason"}


class Wrong(Exception):
    """A vector with another outcome than it says, or a file that is not as the specification says."""


def same(got, expected, of):
    if got != expected:
        raise Wrong(f"{of}: {got!r} instead of {expected!r}")


def plain(json):
    """JSON as dictionaries and lists; a repeated field is an error."""
    if isinstance(json, Members):
        same(len(dict(json)), len(json), "fields")
        return {name: plain(value) for name, value in json}
    return [plain(each) for each in json] if isinstance(json, list) else json


def fields(vector, *known):
    """Refuses a field that is unknown, and that one is missing."""
    if set(vector) not in known:
        raise Wrong(f"fields: {sorted(vector)}")


def bytes_or_none(text):
    return None if text is None else from_base64url(text)


def open_vector(vector):
    ring = KeyRing(vector["secret"], vector["previous_secrets"])
    return ring, open_token(ring, vector["token"], vector["now"], vector["binding_cookie"], vector["binding_required"])


def accept(vector):
    fields(vector, ACCEPTED)
    fields(vector["opened"], OPENED)
    ring, opened = open_vector(vector)
    payload = opened.payload
    expected = dict(vector["opened"])
    got = {
        "seal": opened.seal,
        "nonce": to_base64url(payload.nonce),
        "issued_at": payload.issued_at,
        "expires_at": payload.expires_at,
        "barrier": payload.barrier,
        "scope": payload.scope and to_base64url(payload.scope),
        "bound": payload.binding is not None,
        "then": payload.then,
        "operations": [operation_to_json(op) for op in payload.operations],
    }
    same(got, expected, "opened")
    same(opened.lines, vector["set_cookie"], "lines")

    # And the other way, from nothing but the file.
    sealed_with = from_base64url(vector["token"][3:])[:4]
    key = ring.get(sealed_with)
    again = Payload(
        nonce=from_base64url(expected["nonce"]),
        issued_at=expected["issued_at"],
        lifetime=expected["expires_at"] - expected["issued_at"],
        operations=tuple(
            operation_from_json(Members(fields_of.items())) for fields_of in expected["operations"]
        ),
        barrier=expected["barrier"],
        scope=bytes_or_none(expected["scope"]),
        binding=key.binding_of(vector["binding_cookie"]) if expected["bound"] else None,
        then=expected["then"],
    )
    sealed = seal_token(key, expected["seal"], again, bytes_or_none(vector["iv"]))
    same(sealed, vector["token"], "sealed again")
    same([set_cookie(op) for op in again.operations], vector["set_cookie"], "lines of what was sealed")


def reject(step):
    def check(vector):
        fields(vector, TOKEN)
        try:
            open_vector(vector)
        except Rejected as rejected:
            same(rejected.step, step, "step")
        else:
            raise Wrong("accepted")

    return check


def values(case):
    fields(
        case,
        READ,
        READ | {"written"},
        READ | {"written", "iv"},
        VALUE | {"reason"},
        NOT_WRITTEN,
        NOT_WRITTEN | {"iv"},
    )
    ring = KeyRing(case["secret"], case["previous_secrets"])
    name, protection, now, text = case["name"], case["protection"], case["now"], case.get("text")
    try:
        if case.get("written"):
            value, iv = case["value"].encode(), bytes_or_none(case.get("iv"))
            written = write_value(ring.current, name, protection, value, case["expires_at"], case["json"], now, iv)
            same(written, text, "written")
        got = read_value(ring, name, protection, text.encode(), now, case["json"])
    except Unreadable as unreadable:
        same(unreadable.reason, case.get("reason"), "reason")
        return
    if "reason" in case:
        raise Wrong("read")
    same(got.value, case["value"].encode(), "value")
    same(got.expires_at, case["expires_at"], "end")
    same(got.under_previous_key, case["under_previous_key"], "under a previous key")


def cookie_header(case):
    fields(case, {"comment", "fields", "name", "found"})
    try:
        found = find_cookie([field.encode("latin-1") for field in case["fields"]], case["name"].encode("latin-1"))
        found = {"value": found.decode("latin-1")}
    except Unreadable as unreadable:
        found = unreadable.reason
    same(found, case["found"], "found")


def lines(case):
    known = [{"comment", "operation", outcome} for outcome in ("set_cookie", "field")]
    fields(case, *known, *(each | {"plain_http"} for each in known))
    try:
        line = set_cookie(operation_from_json(case["operation"], case.get("plain_http", False)))
    except Refused as refused:
        same(refused.field, case.get("field"), "refused field")
    else:
        same(line, case.get("set_cookie"), "line")


class Tally:
    def __init__(self):
        self.passed = self.failed = 0

    def run(self, name, check, *arguments):
        try:
            check(*arguments)
        except Exception as error:  # Whatever goes wrong, this vector has failed, and the next one is run.
            self.failed += 1
            print(f"{name}: {type(error).__name__}: {error}")
        else:
            self.passed += 1

    def enough(self, name, count, fewest):
        """A failure only: that enough are there is nothing to be counted."""
        if count < fewest:
            self.failed += 1
            print(f"{name}: {count} vectors; there were {fewest}")

    def folder(self, folder, check, fewest):
        files = sorted(folder.glob("*.json"))
        for file in files:
            self.run(file.relative_to(VECTORS), lambda file=file: check(plain(load_json(file.read_text("utf-8")))))
        self.enough(folder.relative_to(VECTORS), len(files), fewest)

    def cases(self, file, check, fewest):
        content = dict(load_json((VECTORS / file).read_text("utf-8")))
        fields(content, {"comment", "cases"})
        for case in content["cases"]:
            # An operation stays as it is written: which field comes first, and twice, matters.
            case = {name: value if name == "operation" else plain(value) for name, value in case}
            self.run(f"{file}, {case['comment']}", check, case)
        self.enough(file, len(content["cases"]), fewest)


def main():
    tally = Tally()
    tally.folder(VECTORS / "accept", accept, FEWEST_ACCEPTED)
    folders = {folder.name for folder in (VECTORS / "reject").iterdir()}
    tally.run("folders of reject", same, folders, set(FEWEST_REJECTED), "folders")
    for step, fewest in FEWEST_REJECTED.items():
        tally.folder(VECTORS / "reject" / step, reject(step), fewest)
    for name, check in (("values", values), ("cookie-header", cookie_header), ("set-cookie", lines)):
        tally.cases(f"{name}.json", check, FEWEST_CASES[name])
    others = NOT_HERE | {"accept", "reject"} | {f"{name}.json" for name in FEWEST_CASES}
    tally.run("what is in vectors", same, {each.name for each in VECTORS.iterdir()}, others, "names")
    for test in SELF_TESTS:
        tally.run(test.__name__, test)
    print(f"{tally.passed} passed, {tally.failed} failed")
    return tally.failed != 0


if __name__ == "__main__":
    sys.exit(main())
