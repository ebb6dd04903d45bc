"""Whether the real Streamlit takes the secrets.toml that `apply-cookies secrets streamlit` writes.

    check.py PROGRAM    ends with `N passed, N failed`
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

PROGRAM = sys.argv[1]
# What TOML escapes, and what is written as it is.
VALUES = {
    "REDIRECT_URI": "http://localhost:8501/oauth2callback",
    "CLIENT_ID": "Jq3kV8wXz1Lt.é",
    "CLIENT_SECRET": "GOCSPX-7hK~q\\2=Zp#",
    "SERVER_METADATA_URL": "https://tenant.eu.auth0.com/.well-known/openid-configuration",
    "CLIENT_KWARGS": json.dumps({"prompt": "login", "max_age": 300, "note": 'a "b" \\ ü'}),
}
# Streamlit reads the file once in a process.
READ = """
import json, sys
import streamlit as st
from streamlit.auth_util import get_validated_redirect_uri, validate_auth_credentials
validate_auth_credentials(sys.argv[1])
print(json.dumps([st.secrets["auth"].to_dict(), get_validated_redirect_uri()]))
"""

passed = failed = 0


def check(what, holds):
    global passed, failed
    passed, failed = passed + bool(holds), failed + (not holds)
    print("ok  " if holds else "FAIL", what)


def run(folder, *command, **variables):
    return subprocess.run(
        command, cwd=folder, env={"HOME": folder, **variables}, capture_output=True, text=True, timeout=60
    )


for provider in ["auth0", ""]:
    name = provider or "default"
    with tempfile.TemporaryDirectory() as folder:
        keygen = run(folder, PROGRAM, "keygen").stdout.strip()
        values = {**VALUES, "PROVIDER": provider, "COOKIE_SECRET": keygen}
        variables = {f"STREAMLIT_AUTH_{key}": value for key, value in values.items()}
        before = run(folder, sys.executable, "-c", READ, name)
        check(f"{name}: without the file Streamlit refuses", before.returncode != 0)
        wrote = run(folder, PROGRAM, "secrets", "streamlit", **variables)
        check(f"{name}: written", wrote.returncode == 0)
        after = run(folder, sys.executable, "-c", READ, name)
        check(f"{name}: accepted for st.login", after.returncode == 0)
        auth, redirect_uri = json.loads(after.stdout or "[{}, null]")
        client = auth.get(provider, {}) if provider else auth
        check(f"{name}: redirect_uri", redirect_uri == values["REDIRECT_URI"])
        check(f"{name}: cookie_secret", auth.get("cookie_secret") == keygen)
        for key in ["CLIENT_ID", "CLIENT_SECRET", "SERVER_METADATA_URL"]:
            check(f"{name}: {key.lower()}", client.get(key.lower()) == values[key])
        check(f"{name}: client_kwargs", client.get("client_kwargs") == json.loads(values["CLIENT_KWARGS"]))
        other = run(folder, sys.executable, "-c", READ, "google")
        check(f"{name}: another provider is refused", "google" in other.stderr and other.returncode != 0)
        if after.returncode != 0:
            print(after.stderr[-2000:])
print(f"\n{passed} passed, {failed} failed")
sys.exit(failed > 0)
