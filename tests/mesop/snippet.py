"""Runs the lines of Python that protocol/MESOP.md shows, as they stand there, and prints the token."""

import os
import pathlib
import re

page = (pathlib.Path(__file__).parent / "../../protocol/MESOP.md").read_text()
# The one that is marked `python`; other Python there is marked `py`.
(snippet,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
names = {"secret": os.environ["MESOP_COOKIE_SECRET_KEY"]}
exec(snippet, names)
print(names["token"])
