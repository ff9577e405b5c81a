"""Kinds of change with what each must state and what its approvers tick off; step lists for bad days."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Annotated, ClassVar

from pydantic import AfterValidator, ConfigDict

from store.domain.events.requests import RequestContent
from store.domain.policy.kinds import Glob, Line, Risk, Words


def _stated(name: str) -> str:
    allowed = [one.name for one in fields(RequestContent)]
    if name not in allowed:
        raise ValueError(f"use one of {', '.join(allowed)}")
    return name


Stated = Annotated[str, AfterValidator(_stated)]
"""The name of something a request states."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Template:
    """One kind of change."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    title: Line
    about: Words = ""
    mandatory: tuple[Stated, ...] = ()
    """What must be stated besides the policy's own `mandatory`."""
    checklist: tuple[Line, ...] = ()
    """What approvers tick off, item by item."""
    ticked_first: bool = True
    """An approval is refused before every item is ticked."""
    risk: Risk = "low"
    """Never taken for less than this."""
    environments: tuple[Glob, ...] = ("*",)
    """Where it may be used."""
    values: Mapping[Stated, Words] = field(default_factory=dict)
    """What a new request begins with."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Playbook:
    """Steps to tick off, with notes, in an incident, a rollback or an emergency."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    title: Line
    about: Words = ""
    steps: tuple[Line, ...] = ()
