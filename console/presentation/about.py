"""What an entry is about, in the one cell that a list has for it, and where something is."""

from __future__ import annotations

from collections.abc import Mapping

from store.domain.place import OF_THE_POLICY

_FIRST = ("incident", "drift", "deployment", "request", "environment", "project", "principal")


def about(on: Mapping[str, str]) -> str:
    """Return what an entry is about in a few words: its ids first, long digests shortened."""
    names = [key for key in _FIRST if key in on] + [key for key in on if key not in _FIRST]
    if on.get("environment") == OF_THE_POLICY:
        names.remove("environment")  # the project says the same
    return " ".join(f"{on[key][:12]}…" if key == "artifact" and len(on[key]) > 20 else on[key] for key in names)


def place(environment: str, project: str) -> str:
    """Return where something is: `prod/orders`; `the policy` for a request that changes it."""
    return "the policy" if environment == OF_THE_POLICY else f"{environment}/{project}"
