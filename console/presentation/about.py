"""What an entry is about, in the one cell that a list has for it."""

from __future__ import annotations

from collections.abc import Mapping

_FIRST = ("incident", "drift", "deployment", "request", "environment", "project", "principal")


def about(on: Mapping[str, str]) -> str:
    """Return what an entry is about in a few words: its ids first, long digests shortened."""
    names = [key for key in _FIRST if key in on] + [key for key in on if key not in _FIRST]
    return " ".join(f"{on[key][:12]}…" if key == "artifact" and len(on[key]) > 20 else on[key] for key in names)
