"""What a gate says."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

_MOST_NAMED: Final = 5
_LONGEST: Final = 120


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """Pass or fail, why, and what would unblock it."""

    passed: bool
    reason: str
    unblock: str = ""


def good(reason: str) -> Verdict:
    """Return a pass."""
    return Verdict(passed=True, reason=reason)


def bad(reason: str, unblock: str) -> Verdict:
    """Return a fail, with what would unblock it."""
    return Verdict(passed=False, reason=reason, unblock=unblock)


def some(found: Iterable[str], between: str = "; ") -> str:
    """Return the first few, each cut, and how many more there are."""
    each = [one if len(one) <= _LONGEST else f"{one[:_LONGEST]}…" for one in dict.fromkeys(found)]
    more = f" and {len(each) - _MOST_NAMED} more" if len(each) > _MOST_NAMED else ""
    return between.join(each[:_MOST_NAMED]) + more
