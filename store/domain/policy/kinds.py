"""The small types that policy values are made of: what may stand in a field, and the words when it may not."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Annotated, Final, TypeAlias
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field

from store.domain.policy import expressions
from store.domain.policy.levels import RISKS, SEVERITIES, WEEKDAYS
from store.domain.roles import ROLES

DECIDING: Final = tuple(role for role in ROLES if role != "requester")
"""The roles that a policy may ask of somebody who approves, waives or reviews."""


def one_of(*allowed: str) -> AfterValidator:
    """Return the check that a text is one of these."""

    def check(text: str) -> str:
        if text not in allowed:
            raise ValueError(f"use one of {', '.join(allowed)}")
        return text

    return AfterValidator(check)


def _matching(pattern: str, words: str) -> AfterValidator:
    compiled = re.compile(pattern)

    def check(text: str) -> str:
        if not compiled.fullmatch(text):
            raise ValueError(f"use {words}")
        return text

    return AfterValidator(check)


def _checked(check: Callable[[str], object]) -> AfterValidator:
    def run(text: str) -> str:
        check(text)
        return text

    return AfterValidator(run)


def _day(text: str) -> None:
    try:
        date.fromisoformat(text if len(text) > 5 else f"2024-{text}")
    except ValueError:
        raise ValueError("use a date: 2026-12-24, or 12-24 for every year") from None


def _zone(text: str) -> None:
    try:
        ZoneInfo(text)
    except (OSError, ValueError):  # ZoneInfoNotFoundError is a KeyError, a directory an OSError
        raise ValueError("use the name of a time zone such as Europe/Berlin or UTC") from None
    except KeyError:
        raise ValueError("use the name of a time zone such as Europe/Berlin or UTC") from None


Risk: TypeAlias = Annotated[str, one_of(*RISKS)]
Severity: TypeAlias = Annotated[str, one_of(*SEVERITIES)]
Weekday: TypeAlias = Annotated[str, one_of(*WEEKDAYS)]
Role: TypeAlias = Annotated[str, one_of(*DECIDING)]
Handle: TypeAlias = Annotated[str, _matching(r"[a-z0-9][a-z0-9._-]{0,31}", "the handle of a principal")]
Name: TypeAlias = Annotated[
    str, _matching(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", "a name of letters, digits, dot, dash, underscore")
]
Channel: TypeAlias = Annotated[
    str, _matching(r"[a-z0-9][a-z0-9_-]{0,31}", "the name of a channel of quarterdeck.toml, never its address")
]
Glob: TypeAlias = Annotated[str, Field(min_length=1, max_length=200)]
Line: TypeAlias = Annotated[str, Field(min_length=1, max_length=400), _matching(r"[^\x00-\x1f\x7f]*", "one line")]
Words: TypeAlias = Annotated[str, Field(max_length=2000)]
Clock: TypeAlias = Annotated[str, _matching(r"([01][0-9]|2[0-3]):[0-5][0-9]|24:00", "a time of day: 09:30")]
Day: TypeAlias = Annotated[str, Field(max_length=10), _checked(_day)]
Zone: TypeAlias = Annotated[str, Field(max_length=64), _checked(_zone)]
Expression: TypeAlias = Annotated[str, Field(min_length=1), _checked(expressions.compiled)]
"""A CEL expression over `expressions.VARIABLES` that says yes or no."""
Pattern: TypeAlias = Annotated[str, Field(min_length=1), _checked(expressions.matching)]
"""A regular expression that takes linear time (RE2's syntax); it must match the whole name."""
Count: TypeAlias = Annotated[int, Field(ge=0, le=1_000_000)]
Points: TypeAlias = Annotated[int, Field(ge=0, le=1000)]
People: TypeAlias = Annotated[int, Field(ge=1, le=20)]
Days: TypeAlias = Annotated[int, Field(ge=0, le=3650)]
Hours: TypeAlias = Annotated[int, Field(ge=0, le=87_600)]
