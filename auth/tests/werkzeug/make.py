"""Prints hashes that werkzeug has made, one JSON object a line: `password`, `wrong` and `hash`.

    make.py NUMBER [SEED]
"""

import json
import random
import sys

from werkzeug.security import check_password_hash, generate_password_hash

draw = random.Random(int(sys.argv[2]) if len(sys.argv) > 2 else None)

ALPHABETS = [
    "abcdefghijklmnopqrstuvwxyz0123456789",
    " !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~",
    "äöüßéñ漢字кириллица🔑\u0301",
    "\x00\t\r\n\x7f",
]


def password():
    longest = draw.choice([0, 1, 8, 20, 200])
    text = "".join(draw.choice(draw.choice(ALPHABETS)) for _ in range(longest))
    return draw.choice([text, text, text, "a" * 1024])


def wrong(right):
    at = draw.randrange(len(right) + 1)
    others = [
        right[:at] + "x" + right[at:],
        right[:at] + right[at + 1 :],
        right.strip(),
        right.upper(),
        right.split("\x00")[0],
        right + "\n",
        "",
    ]
    # HMAC fills its key up with zeros, so those at the end make no difference to these hashes.
    same = right.rstrip("\x00")
    others = [text for text in others if text.rstrip("\x00") != same and len(text.encode()) <= 1024]
    return draw.choice(others) if others else "x"


# Costs that a test can afford, and what werkzeug takes by itself.
METHODS = [
    *[f"scrypt:{2**log_n}:{r}:{p}" for log_n in (7, 10, 12) for r in (1, 8) for p in (1, 4)],
    *[f"pbkdf2:sha256:{n}" for n in (1, 2, 999, 1000)],
]
DEFAULTS = ["scrypt", "pbkdf2:sha256:20000"]

for number in range(int(sys.argv[1])):
    method = DEFAULTS[number % 2] if number % 50 < 2 else draw.choice(METHODS)
    right = password()
    hash = generate_password_hash(right, method, salt_length=draw.choice([1, 8, 16, 16, 16, 64]))
    other = wrong(right)
    assert check_password_hash(hash, right) and not check_password_hash(hash, other)
    print(json.dumps({"password": right, "wrong": other, "hash": hash}))
