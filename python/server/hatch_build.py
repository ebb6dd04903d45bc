"""Puts the program that APPLY_COOKIES_PROGRAM names into a wheel for the platform in WHEEL_PLATFORM."""

from __future__ import annotations

import os
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Program(BuildHookInterface):  # type: ignore[type-arg]
    """The program becomes a script of the environment, as ruff and uv do it."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called by hatchling before it builds."""
        suffix = ".exe" if "win" in os.environ["WHEEL_PLATFORM"] else ""
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{os.environ['WHEEL_PLATFORM']}"
        build_data["shared_scripts"] = {os.environ["APPLY_COOKIES_PROGRAM"]: f"apply-cookies{suffix}"}
