"""How a policy becomes canonical JSON: as in TOML, without what is as the default has it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from typing import Any

from store.domain.component import Json


def encoded(value: Any, *, always: Iterable[str] = ()) -> dict[str, Json]:
    """Return a dataclass of the policy as JSON; of what equals its default only the fields in `always` stay."""
    kept = set(always)
    return {
        key_of(type(value), field.name): _plain(getattr(value, field.name))
        for field in fields(value)
        if field.name in kept or getattr(value, field.name) != _default(field)
    }


def whole(value: Any) -> Any:
    """Return a value of the policy as TOML could say it, every default written out; what is None is left out."""
    if is_dataclass(value) and not isinstance(value, type):
        pairs = ((key_of(type(value), field.name), getattr(value, field.name)) for field in fields(value))
        return {key: whole(item) for key, item in pairs if item is not None}
    if isinstance(value, Mapping):
        return {str(key): whole(item) for key, item in value.items()}
    return [whole(item) for item in value] if isinstance(value, tuple) else value


def key_of(cls: type, name: str) -> str:
    """Return how a field is called in TOML and JSON."""
    config = getattr(cls, "__pydantic_config__", {})
    generator = config.get("alias_generator")
    return str(generator(name)) if generator else name


def _default(field: Field[Any]) -> object:
    return field.default_factory() if field.default_factory is not MISSING else field.default


def _plain(value: Any) -> Json:
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if is_dataclass(value) and not isinstance(value, type):
        # `security` of an approval rule was written before there were defaults to leave out
        return encoded(value, always=("security",) if hasattr(value, "security") else ())
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    plain: Json = value
    return plain
