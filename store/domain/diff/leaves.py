"""The smallest values that differ between two contents, by path."""

from __future__ import annotations

from typing import Final, NamedTuple, TypeAlias, Union

import orjson

from store.domain.component import PARTS, Json, Path
from store.domain.diff.aligning import Effort, aligned
from store.domain.secrets import pair_name


class Missing:
    """The value that is not there; `null` is a value."""


MISSING: Final = Missing()
Side: TypeAlias = Union[Json, Missing]
_BOXES: Final = frozenset({dict, list})
_SCALARS: Final = frozenset({str, int, float, bool, type(None)})
NOWHERE: Final[Path] = ("nowhere",)
"""The old place of an item that came, or went: what is at its number on the other side is another one."""


class Leaf(NamedTuple):
    """The smallest value that differs, and the name that says whether it is a secret."""

    path: Path
    old: Side
    new: Side
    name: str
    was: Path
    """Where it stood on the old side: items of lists have other places there when some were put in before them."""


def leaves(old: Json, new: Json, effort: Effort) -> list[Leaf]:
    """Return the smallest values that differ between two contents; what came or went as a whole is one leaf."""
    found = _Found(effort)
    _compare(found, (), (), "", old, new)
    return found


class _Found(list[Leaf]):
    """The leaves that were found so far, and what may be spent on finding more."""

    def __init__(self, effort: Effort) -> None:
        super().__init__()
        self.effort: Final = effort


def _compare(found: _Found, path: Path, was: Path, name: str, old: Side, new: Side) -> None:
    if len(path) < 2 and (not path or path[0] == PARTS):
        old = {} if isinstance(old, Missing) else old
        new = {} if isinstance(new, Missing) else new
    if isinstance(old, dict) and isinstance(new, dict):
        for key in _keys_to_compare(old, new):
            before, after = old.get(key, MISSING), new.get(key, MISSING)
            known_as = (pair_name(new) or pair_name(old) or key) if key == "value" else key
            if type(before) not in _SCALARS or type(after) not in _SCALARS:
                here = (*path, key)
                _compare(found, here, here if was is path else (*was, key), known_as, before, after)
            elif not same(before, after):
                here = (*path, key)
                found.append(Leaf(here, before, after, known_as, here if was is path else (*was, key)))
    elif isinstance(old, list) and isinstance(new, list):
        for a, b in aligned(old, new, found.effort):
            before = MISSING if a is None else old[a]
            after = MISSING if b is None else new[b]
            if _are_one(before, after):
                continue
            here = (*path, str(a if b is None else b))
            there = NOWHERE if a is None or b is None else here if was is path and a == b else (*was, str(a))
            _compare(found, here, there, name, before, after)
    elif not same(old, new):
        found.append(Leaf(path, old, new, name, was))


def _keys_to_compare(old: dict[str, Json], new: dict[str, Json]) -> list[str]:
    """Return the keys, those of `old` first, whose values are not one at a glance: nearly all are, in most parts."""
    if old.keys() != new.keys():
        both = [key for key, before in old.items() if key not in new or not _are_one(before, new[key])]
        return [*both, *(key for key in new if key not in old)]
    return [
        key
        for key, before in old.items()
        if (after := new[key]) is not before
        and (before != after or type(before) is not type(after) or not _are_one(before, after))
    ]


def _are_one(old: Side, new: Side) -> bool:
    """Say whether two values are surely one, as Python and JSON see it: True is no 1, wherever it stands inside."""
    return old is new or (old == new and type(old) is type(new) and (type(old) not in _BOXES or _same_bytes(old, new)))


def same(old: Side, new: Side) -> bool:
    """Say whether two scalars are one JSON value: 1 is 1.0, but neither is true."""
    return old == new and (isinstance(old, bool) is isinstance(new, bool))


def _same_bytes(old: Side, new: Side) -> bool:
    """Say whether two equal containers are equal in type as well; Python takes True for 1."""
    if not old:
        return True
    try:
        return orjson.dumps(old) == orjson.dumps(new)
    except orjson.JSONEncodeError:
        return False
