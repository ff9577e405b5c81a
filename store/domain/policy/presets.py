"""The built-in policies, as the TOML that `policy init` writes."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Final

PRESETS: Final[Mapping[str, str]] = {
    "default": "safe for a small team: somebody else approves, two for high risk",
    "regulated": "four environments with gates, security approval, touched keys, change windows and reviews",
}
"""Name → what it is for."""


@lru_cache(maxsize=8)
def preset_text(name: str) -> str:
    """Return a preset's TOML."""
    return (files("store.domain.policy") / "presets" / f"{name}.toml").read_text(encoding="utf-8")
