"""What an event is, and how it travels into and out of a statement's `kind`, `on` and `data`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from functools import lru_cache
from types import NoneType, UnionType
from typing import Any, ClassVar, Final, TypeAlias, Union, get_args, get_origin, get_type_hints

from store.errors import IntegrityFailure
from store.integrity.canonical import Json

_Convert: TypeAlias = Callable[[Any, str], Any]


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that happened, in the past tense. Subclasses are the vocabulary of the ledger.

    They hold fields and nothing else, no `__post_init__` and no slots: `from_parts` fills them without `__init__`.
    """

    KIND: ClassVar[str] = ""
    ON: ClassVar[tuple[str, ...]] = ()
    """The fields that name what the event is about; they go to the statement's `on`."""
    SIGNED: ClassVar[bool] = False
    """An act of a person: it must carry that person's signature (docs/integrity.md, "Statement")."""


@dataclass(frozen=True, kw_only=True)
class Unknown(Event):
    """An entry of a kind this version does not know: it still verifies, and shows as it is."""

    kind: str
    on: Mapping[str, str]
    data: Mapping[str, Json]


def to_parts(event: Event) -> tuple[dict[str, str], dict[str, Json]]:
    """Return (`on`, `data`) of the statement that records `event`; fields that are None are left out."""
    kind: type = type(event)
    values = vars(event)
    about, rest = _parted(kind)
    on: dict[str, str] = {name: value for name, _, _, _, _ in about if (value := values[name]) is not None}
    data: dict[str, Json] = {}
    for name, exact, _, _, _ in rest:
        value = values[name]
        if value is not None:
            data[name] = value if exact is not None else _plain(value)
    return on, data


def from_parts(cls: type[Event], on: Mapping[str, Json], data: Mapping[str, Json]) -> Event:
    """Return the event of class `cls` that a statement's `on` and `data` hold. Unknown fields are ignored.

    Raises:
        IntegrityFailure: a field is missing or of the wrong type; says which.
    """
    kind: type = cls
    event = cls.__new__(cls)
    # Past the generated __init__: that of a frozen class sets field by field, half the time of reading an entry.
    values = vars(event)
    values.update(_defaults(kind))
    about, rest = _parted(kind)
    for source, shape in ((on, about), (data, rest)):
        for name, exact, convert, required, where in shape:
            if name in source:
                value = source[name]
                values[name] = value if type(value) is exact else convert(value, where)
            elif required:
                raise IntegrityFailure(f"{where} is missing")
    return event


_Field: TypeAlias = tuple[str, type | None, _Convert, bool, str]
"""What reading and writing one field takes, worked out once a class: its name; the type whose values are JSON, and
the field's, as they are (None where they need the function); the function that reads it; whether it must be there;
what it is called in messages. No named tuple: to take one apart takes twice as long, and every entry has a dozen."""


@lru_cache(maxsize=256)
def _defaults(cls: type[Event]) -> Mapping[str, Any]:
    """Return the fields that may be missing, with what they are then: values nobody can change."""
    return {field.name: field.default for field in fields(cls) if field.default is not MISSING}


@lru_cache(maxsize=256)
def _parted(cls: type) -> tuple[tuple[_Field, ...], tuple[_Field, ...]]:
    """Return the fields that go to a statement's `on`, and those that go to its `data`."""
    about: tuple[str, ...] = getattr(cls, "ON", ())
    on = tuple(field for field in _shape(cls) if field[0] in about)
    data = tuple(field for field in _shape(cls) if field[0] not in about)
    return on, data


@lru_cache(maxsize=256)
def _shape(cls: type) -> tuple[_Field, ...]:
    hints = get_type_hints(cls)
    return tuple(
        (
            field.name,
            bare if (bare := _bare(hints[field.name])) in {str, int, bool} else None,
            _converter(hints[field.name]),
            field.default is MISSING and field.default_factory is MISSING,
            f"{getattr(cls, 'KIND', '') or cls.__name__}.{field.name}",
        )
        for field in fields(cls)
    )


def _bare(kind: Any) -> Any:
    """Return the type of a field without its `| None`."""
    if get_origin(kind) in {Union, UnionType}:
        return next(item for item in get_args(kind) if item is not NoneType)
    return kind


def _converter(kind: Any) -> _Convert:
    """Return the function that reads a value of this type out of JSON."""
    kind = _bare(kind)
    if is_dataclass(kind) and isinstance(kind, type):
        return lambda value, where: _nested(kind, value, where)
    if get_origin(kind) is tuple:
        inner = _converter(get_args(kind)[0])
        return lambda value, where: tuple(inner(item, where) for item in _checked(value, list, where))
    if isinstance(kind, type) and get_origin(kind) is None:
        return lambda value, where: _checked(value, kind, where)
    return lambda value, where: {
        name: _checked(item, str, where) for name, item in _checked(value, dict, where).items()
    }


def _nested(cls: type, value: Any, where: str) -> Any:
    plain = _checked(value, dict, where)
    values = {}
    for name, _, convert, required, _ in _shape(cls):
        if name in plain:
            values[name] = convert(plain[name], where)
        elif required:
            raise IntegrityFailure(f"{where}.{name} is missing")
    return cls(**values)


def _checked(value: Any, kind: type, where: str) -> Any:
    if type(value) is kind:
        return value
    raise IntegrityFailure(f"{where}: expected {kind.__name__}, found {type(value).__name__}")


_LEAVES: Final[frozenset[type]] = frozenset({str, int, bool, float})


def _plain(value: Any) -> Json:
    if type(value) in _LEAVES:  # what nearly everything is
        leaf: Json = value
        return leaf
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if is_dataclass(value) and not isinstance(value, type):
        return {
            name: item if type(item) in _LEAVES else _plain(item)
            for name, _, _, _, _ in _shape(type(value))
            if (item := getattr(value, name)) is not None
        }
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    plain: Json = value
    return plain
