"""What an event is, and how it travels into and out of a statement's `kind`, `on` and `data`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from functools import lru_cache
from types import NoneType, UnionType
from typing import Any, ClassVar, Union, get_args, get_origin, get_type_hints

from store.domain.component import Json
from store.errors import IntegrityFailure


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that happened, in the past tense. Subclasses are the vocabulary of the ledger."""

    KIND: ClassVar[str] = ""
    ON: ClassVar[tuple[str, ...]] = ()
    """The fields that name what the event is about; they go to the statement's `on`."""
    SIGNED: ClassVar[bool] = False
    """An act of a person: it must carry that person's signature (integrity.md, "What the people sign")."""


@dataclass(frozen=True, kw_only=True)
class Unknown(Event):
    """An entry of a kind this version does not know: it still verifies, and shows as it is."""

    kind: str
    on: Mapping[str, str]
    data: Mapping[str, Json]


def to_parts(event: Event) -> tuple[dict[str, str], dict[str, Json]]:
    """Return (`on`, `data`) of the statement that records `event`; fields that are None are left out."""
    on: dict[str, str] = {}
    data: dict[str, Json] = {}
    for item in fields(event):
        value = getattr(event, item.name)
        if value is None:
            continue
        if item.name in event.ON:
            on[item.name] = value
        else:
            data[item.name] = _plain(value)
    return on, data


def _plain(value: Any) -> Json:
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: _plain(v) for f in fields(value) if (v := getattr(value, f.name)) is not None}
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return value  # type: ignore[no-any-return]


@lru_cache(maxsize=256)
def _hints(cls: type) -> dict[str, tuple[Any, bool]]:
    """Field name → (type, required) of a dataclass; cached because decoding reads it for every entry."""
    hints = get_type_hints(cls)
    return {f.name: (hints[f.name], f.default is MISSING and f.default_factory is MISSING) for f in fields(cls)}


def from_parts(cls: type[Event], on: Mapping[str, Json], data: Mapping[str, Json]) -> Event:
    """Return the event of class `cls` that a statement's `on` and `data` hold. Unknown fields are ignored.

    Raises:
        IntegrityFailure: a field is missing or of the wrong type; says which.
    """
    return _build(cls, {**data, **{name: on[name] for name in cls.ON if name in on}}, cls.KIND)  # type: ignore[no-any-return]


def _build(cls: type, values: Mapping[str, Json], where: str) -> Any:
    built = {}
    for name, (kind, required) in _hints(cls).items():
        if name in values:
            built[name] = _typed(values[name], kind, f"{where}.{name}")
        elif required:
            raise IntegrityFailure(f"{where}: the field {name!r} is missing")
    return cls(**built)


def _typed(value: Any, kind: Any, where: str) -> Any:
    if isinstance(kind, type) and not get_origin(kind):
        if is_dataclass(kind) and isinstance(value, dict):
            return _build(kind, value, where)
        if type(value) is kind:
            return value
        raise IntegrityFailure(f"{where}: expected {kind.__name__}, found {type(value).__name__}")
    origin, inner = get_origin(kind), get_args(kind)
    if origin is tuple and isinstance(value, list):
        return tuple(_typed(item, inner[0], where) for item in value)
    if origin in {Union, UnionType}:
        return _typed(value, next(item for item in inner if item is not NoneType), where)
    if isinstance(value, dict) and all(isinstance(item, str) for item in value.values()):
        return dict(value)
    raise IntegrityFailure(f"{where}: a {type(value).__name__} does not belong here")
