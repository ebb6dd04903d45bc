"""Streamlit: the element stands in a component, whose frame has the origin of the page."""

from __future__ import annotations

import streamlit as st

from apply_cookies import ApplyCookies, NoBinding

SCRIPT = '<script type="module" src="/__apply-cookies/client.js"></script>'
BIND = """<script type="module">
  import { ready } from "/__apply-cookies/client.js";
  await ready();
</script>"""


@st.cache_resource
def core() -> ApplyCookies:
    return ApplyCookies()


cookies = core().for_handshake(st.context.headers)
st.write(f"who: {cookies.get('app_session') or 'nobody'}")
st.iframe(BIND, height=10)
for what in ("in", "out"):
    if st.button(what):
        try:
            receipt = cookies.set("app_session", "ada") if what == "in" else cookies.delete("app_session")
            if what == "out":
                cookies.barrier()
            st.iframe(SCRIPT + cookies.element(), height=10)
            st.write(f"{what}: {receipt.wait(10).value}")
        except NoBinding:
            st.write("reload the page")
