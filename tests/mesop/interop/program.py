"""Our side: the program `apply-cookies`, one line in, one line out."""

import json
import os
import secrets
import subprocess

# Of this run: the program refuses every secret that the repository prints.
SECRET = secrets.token_urlsafe(32)


def _run(args, lines, may_fail=False):
    program = os.environ.get("APPLY_COOKIES_BIN")
    if not program:
        raise SystemExit("APPLY_COOKIES_BIN is not set: call tests/mesop/run")
    done = subprocess.run(
        [program, *args],
        input="".join(line + "\n" for line in lines).encode("utf-8"),
        env={"MESOP_COOKIE_SECRET_KEY": SECRET},
        capture_output=True,
        timeout=120,
    )
    errors = done.stderr.decode()
    if done.returncode != 0 and not may_fail:
        raise SystemExit(f"apply-cookies {' '.join(args)} ended with {done.returncode}: {errors}")
    answers = done.stdout.decode("utf-8").split("\n")[:-1]
    if len(answers) != len(lines):
        raise SystemExit(
            f"apply-cookies {' '.join(args)} answered {len(answers)} of {len(lines)} lines: {errors}"
        )
    return answers


def mint(batches):
    """A token for each list of operations; an empty text for one that is refused."""
    # Exit code 1 says only that some were refused.
    return _run(
        ["mint", "--profile", "mesop"],
        [json.dumps({"operations": operations}) for operations in batches],
        may_fail=True,
    )


def inspect(tokens, now):
    """What each token says."""
    answers = _run(["inspect", "--profile", "mesop", "--now", str(now)], tokens)
    return [json.loads(answer) for answer in answers]


def set_cookie(operations, now):
    """The Set-Cookie text of each operation, or None for one that is refused."""
    lines = [json.dumps(operation) for operation in operations]
    answers = _run(["set-cookie", "--profile", "mesop", "--now", str(now)], lines)
    # No Set-Cookie text begins with a brace: a cookie's name cannot.
    return [None if answer.startswith("{") else answer for answer in answers]


def encode(name, protection, texts):
    """The value of a cookie for each JSON text, or None for one that is refused."""
    answers = _run(["cookie", "encode", *_value(name, protection)], texts)
    # A cookie's value has no quote inside, unless it begins with one.
    return [None if answer.startswith('{"') else answer for answer in answers]


def decode(name, protection, lines, *options):
    """`(True, value)` for each line, or `(False, reason)`."""
    args = ["cookie", "decode", *_value(name, protection), *options]
    answers = [json.loads(answer) for answer in _run(args, lines)]
    return [(answer["ok"], answer["value" if answer["ok"] else "reason"]) for answer in answers]


def _value(name, protection):
    return ["--profile", "mesop", "--name", name, "--protection", protection]
