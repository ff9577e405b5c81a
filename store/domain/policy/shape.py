"""Which keys may stand where in a policy: what an unknown key is answered with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from store.domain.policy.encoding import key_of
from store.domain.policy.model import Policy


def keys_at(path: Iterable[str]) -> tuple[str, ...]:
    """Return the keys that the table at `path` may have; none where any name will do or there is no table."""
    kind: Any = Policy
    for part in path:
        kind = _inside(kind, part)
    kind = _bare(kind)
    if not is_dataclass(kind):
        return ()
    extra = ("preset",) if kind is Policy else ()
    return (*extra, *(key_of(_class(kind), field.name) for field in fields(kind)))


def _inside(kind: Any, part: str) -> Any:
    kind = _bare(kind)
    if is_dataclass(kind):
        hints = get_type_hints(_class(kind))
        names = {key_of(_class(kind), field.name): field.name for field in fields(kind)}
        return hints.get(names.get(part, ""), object)
    arguments = get_args(kind)
    if get_origin(kind) is tuple:
        return arguments[0]
    origin = get_origin(kind)
    return arguments[1] if isinstance(origin, type) and issubclass(origin, Mapping) else object


def _bare(kind: Any) -> Any:
    """Return a type without `Annotated` and without `| None`."""
    while get_origin(kind) in {Annotated, Union, UnionType}:
        kind = next(item for item in get_args(kind) if item is not NoneType)
    return kind


def _class(kind: Any) -> type:
    assert isinstance(kind, type)
    return kind
