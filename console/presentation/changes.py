"""What changed in a release, component by component, as the screens draw it: frozen, and made from `diff --json`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class FieldChange:
    """One field, old against new, already in words (None: the field was not there)."""

    path: str
    old: str | None
    new: str | None
    noise: bool = False
    flag: str | None = None
    """What a rule says about it (`P-03 refund ceiling`), in a few words."""
    code: bool = False
    """Whether the values are code, worth opening side by side."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """One comment on a component, as it stands under it."""

    seq: int
    words: str
    """Who, when and what, in one line."""
    settled: bool
    earlier: str = ""
    """That it was made on an earlier revision, and what became of the component since; empty for the present one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ComponentChange:
    """One component that changed."""

    key: str
    name: str
    kind: str
    change: str
    """`added`, `removed`, `changed`, `renamed` or `noise`."""
    fields: tuple[FieldChange, ...] = ()
    words: tuple[str, ...] = ()
    """Wiring and other changes in sentences (`Parse order now also goes to Alert on-call`)."""
    risk: str | None = None
    """A severity of `words.SEVERITIES`, when the component's change was rated."""
    viewed: bool = False
    """Whether the reviewer has ticked it off."""
    said: tuple[Said, ...] = ()
    """What was said about it, the open comments first."""


def changes_of(document: Mapping[str, Any]) -> tuple[ComponentChange, ...]:
    """Return the components of a `diff --json` document (docs/diff.md) ready to draw."""
    return tuple(_component(found) for found in document.get("components", ()))


def _component(found: Mapping[str, Any]) -> ComponentChange:
    code = tuple(
        FieldChange(path=str(entry.get("field", "")), old=None, new=_size(str(entry.get("unified", ""))), code=True)
        for entry in found.get("code", ())
    )
    as_code = {field.path for field in code}  # told as code already: a script in one row cannot be read
    fields = tuple(
        FieldChange(
            path=str(entry.get("path", "")),
            old=_value(entry.get("old")),
            new=_value(entry.get("new")),
            noise=bool(entry.get("noise")),
        )
        for entry in found.get("fields", ())
        if str(entry.get("path", "")) not in as_code
    )
    return ComponentChange(
        key=str(found.get("id", "")),
        name=str(found.get("name", "")),
        kind=str(found.get("kind", "")),
        change=str(found.get("change", "changed")),
        fields=(*code, *fields),
        words=_words(found.get("words", ())),
    )


def _words(found: Sequence[object]) -> tuple[str, ...]:
    return tuple(str(sentence) for sentence in found)


def _value(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    from json import dumps

    return dumps(value, ensure_ascii=False)


def _size(unified: str) -> str:
    lines = [line for line in unified.split("\n") if not line.startswith(("+++", "---"))]
    added = sum(1 for line in lines if line.startswith("+"))
    removed = sum(1 for line in lines if line.startswith("-"))
    return f"code: +{added} −{removed} lines"
