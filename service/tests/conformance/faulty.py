"""An implementation of the protocol with one fault, named by FAULT: what the program in ANSWER says,
changed. (protocol/conformance/README.md has the lines.)"""

import base64
import json
import os
import re
import subprocess
import sys
import time

FAULT = os.environ["FAULT"]


# Questions that are misunderstood: each takes a question and changes it.


def takes_unused_bits(ask):
    for field in ("token", "text"):
        start, dot, body = ask.get(field, "").partition(".")
        if ask["do"] in ("open", "read-value") and re.fullmatch(r"[A-Za-z0-9_-]*", body) and len(body) % 4 != 1:
            data = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))
            ask[field] = start + dot + base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def takes_padding(ask):
    if ask["do"] == "open":
        ask["token"] = ask["token"].rstrip("=")


def takes_a_line_end_behind_a_token(ask):
    if ask["do"] == "open":
        ask["token"] = ask["token"].removesuffix("\n")


def expires_a_millisecond_late(ask):
    if ask["do"] == "open":
        ask["now"] -= 1


def takes_what_was_issued_too_far_ahead(ask):
    if ask["do"] == "open":
        ask["now"] += 1


def requires_no_binding(ask):
    if ask["do"] == "open":
        ask["binding_required"] = False


def knows_no_previous_secret(ask):
    if "previous_secrets" in ask:
        ask["previous_secrets"] = []


def loses_the_barrier(ask):
    if ask["do"] == "seal":
        ask["barrier"] = False


def loses_the_scope(ask):
    if ask["do"] == "seal":
        ask["scope"] = None


def loses_the_end_of_a_value(ask):
    if ask["do"] == "write-value":
        ask["expires_at"] = None


def leaves_json_unchecked(ask):
    if ask["do"] == "read-value":
        ask["json"] = False


def compares_names_without_case(ask):
    if ask["do"] == "cookie":
        ask["name"] = ask["name"].lower()
        ask["fields"] = [field.lower() for field in ask["fields"]]


def trims_other_white_space(ask):
    if ask["do"] == "cookie":
        ask["fields"] = [";".join(pair.strip() for pair in field.split(";")) for field in ask["fields"]]


def strips_quotation_marks(ask):
    if ask["do"] == "cookie":
        ask["fields"] = [field.replace('"', "") for field in ask["fields"]]


def takes_whole_numbers_with_a_point(ask):
    if ask["do"] in ("set-cookie", "batch"):
        ask["text"] = re.sub(r"(:\d+)\.0\b", r"\1", ask["text"])


def knows_no_plain_http(ask):
    if "plain_http" in ask:
        ask["plain_http"] = False


def takes_every_line_end_off_a_secret(ask):
    if ask["do"] == "keys":
        ask["secret"] = ask["secret"].rstrip("\r\n")


def knows_one_origin(ask):
    if ask["do"] == "binding":
        ask["origins"] = ask["origins"][:1]


# Answers that are wrong: each takes a question and its answer, and changes the answer.


def says_forged_of_an_unknown_key(ask, answer):
    if answer.get("step") == "key":
        answer["step"] = "forged"


def turns_the_lines_around(ask, answer):
    if ask["do"] == "open" and "set_cookie" in answer:
        answer["set_cookie"].reverse()


def deletes_without_http_only(ask, answer):
    if ask["do"] == "set-cookie" and "Max-Age=0; Expires" in answer.get("set_cookie", ""):
        answer["set_cookie"] = answer["set_cookie"].replace("; HttpOnly", "")


def takes_the_last_of_two_cookies(ask, answer):
    if answer.get("found") == "duplicate":
        answer["found"] = {"value": ask["fields"][-1].rpartition("=")[2]}


def encodes_with_small_digits(ask, answer):
    if ask["do"] == "write-value" and ask["protection"] == "plain" and "text" in answer:
        answer["text"] = re.sub("%..", lambda hit: hit[0].lower(), answer["text"])


def reports_a_key_twice_as_not_json(ask, answer):
    if answer.get("reason") == "duplicate-key":
        answer["reason"] = "not-json"


def names_the_wrong_field(ask, answer):
    if ask["do"] == "batch" and answer.get("field") == "max_age":
        answer["field"] = "operations"


def ends_no_event(ask, answer):
    if ask["do"] == "frame":
        answer["sse"] = answer["sse"].removesuffix("\n")


def exchanges_two_keys(ask, answer):
    if "keys" in answer:
        keys = answer["keys"]
        keys["token/fernet/"], keys["binding/hmac-sha256/"] = keys["binding/hmac-sha256/"], keys["token/fernet/"]


def binds_whoever_asks(ask, answer):
    if answer.get("why") == "cross-site":
        answer.update(why="made", binding=ask["fresh"])


def never_says_that_a_key_is_old(ask, answer):
    if "under_previous_key" in answer:
        answer["under_previous_key"] = False


def takes_a_secret_in_quotes(ask, answer):
    if ask["do"] == "secret" and answer["refused"] == "quoted":
        answer["refused"] = "guessable"


def says_more_than_it_is_asked(ask, answer):
    answer["note"] = ""


def fails_at_lengths_of_two_bytes(ask, answer):
    """No vector has a value of this length."""
    if ask["do"] == "seal" and "token" in answer:
        if any(len(op.get("value", "")) == 129 for op in ask["operations"]):
            answer["token"] = answer["token"][:-1]


# What SPEC leaves open is no fault.


def may_name_another_reason_of_what_is_not_json(ask, answer):
    if ask["do"] == "read-value" and answer.get("reason") == "not-json":
        answer["reason"] = "duplicate-key"


def may_name_a_field_in_front_of_what_is_not_json(ask, answer):
    if answer.get("field") == "batch" and '"op"' in ask["text"]:
        answer["field"] = "op"


def may_call_a_placeholder_guessable(ask, answer):
    if answer.get("refused") in ("placeholder", "template", "reference", "too-long"):
        answer.update(refused="guessable")


def may_leave_secrets_alone(ask, answer):
    if ask["do"] == "hello":
        answer["can"].remove("secret")


# Programs that do not keep to the lines.


def main():
    if FAULT == "does-not-start-well":
        print("conformance, ready", flush=True)
    inner = subprocess.Popen([os.environ["ANSWER"], "conformance", "answer"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    change = globals().get(FAULT.replace("-", "_"))
    for line in sys.stdin:
        ask = json.loads(line)
        number = ask["id"]
        if number == 5:
            broken(number)
        arguments = change.__code__.co_argcount if change else 0
        if arguments == 1:
            change(ask)
        inner.stdin.write(json.dumps(ask).encode() + b"\n")
        inner.stdin.flush()
        answer = json.loads(inner.stdout.readline())
        if arguments == 2:
            change(json.loads(line), answer)
        print(json.dumps(answer), flush=True)
    inner.stdin.close()
    inner.wait()
    if FAULT == "says-more-at-the-end":
        print("{}")
    if FAULT == "exits-with-3":
        sys.exit(3)
    if FAULT == "stays":
        sys.stdout.flush()
        time.sleep(60)


def broken(number):
    if FAULT == "crashes":
        os.abort()
    if FAULT == "exits":
        sys.exit(0)
    if FAULT == "hangs":
        time.sleep(60)
    if FAULT == "answers-twice":
        print(json.dumps({"id": number - 1, "token": ""}), flush=True)
    if FAULT == "answers-another-question":
        print(json.dumps({"id": number + 1, "token": ""}), flush=True)
    if FAULT == "answers-without-id":
        print("{}", flush=True)
    if FAULT == "logs-to-its-output":
        print("sealing", flush=True)
    if FAULT == "answers-half-a-line":
        sys.stdout.write(f'{{"id":{number}}}')
        sys.stdout.flush()
        os._exit(0)


main()
