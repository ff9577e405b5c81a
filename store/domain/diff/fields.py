"""What differs inside one component: values by path, code by line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, NamedTuple, TypeAlias, Union

import orjson

from store.domain.component import PARTS, Component, DiffRules, Json, Path
from store.domain.diff.aligning import Effort, aligned
from store.domain.diff.model import CodeChange, FieldChange
from store.domain.patience import unified
from store.domain.secrets import pair_name, redact, redact_value


class Missing:
    """The value that is not there; `null` is a value."""


MISSING: Final = Missing()
Side: TypeAlias = Union[Json, Missing]
_BOXES: Final = frozenset({dict, list})
_SCALARS: Final = frozenset({str, int, float, bool, type(None)})
_NOBODY: Final[frozenset[str]] = frozenset()
_NOWHERE: Final[Path] = ("nowhere",)
"""The old place of an item that came, or went: what is at its number on the other side is another one."""


class Leaf(NamedTuple):
    """The smallest value that differs, and the name that says whether it is a secret."""

    path: Path
    old: Side
    new: Side
    name: str
    was: Path
    """Where it stood on the old side: items of lists have other places there when some were put in before them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sides:
    """Two versions of one component; a component that came or went has an empty content on the other side."""

    kind: str
    old: Json
    new: Json
    old_canonical: bytes | None
    new_canonical: bytes | None
    labels: Mapping[str, str]
    wired_old: Json = None
    """The old content before its parts were called by their new names: where its wires can be read."""
    gone: frozenset[str] = frozenset()
    """The inner ids of parts that are only on the old side."""
    renamed: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """The inner ids of parts that have another name now → what they were called, what they are called."""
    elsewhere: Callable[[str], str | None] = field(default=lambda _: None)
    """Inner id → the name of a part of another component, for wires that leave this one."""
    is_clean: bool = False
    """Nothing in the canonical bytes of either could be redacted."""
    is_bare: bool = False
    """The canonical bytes of both are of the contents as they stand: what differs here differs there."""
    effort: Effort = field(default_factory=Effort)
    """What may be spent on finding which items of lists belong together."""
    _twice: frozenset[str] = frozenset()
    """The names that several parts have."""

    @classmethod
    def of(
        cls,
        old: Component | None,
        new: Component | None,
        elsewhere: Callable[[str], str | None] = lambda _: None,
        *,
        is_clean: bool = False,
        effort: Effort | None = None,
    ) -> Sides:
        """Return the two sides of a component that came, went or stayed."""
        some = new or old
        assert some is not None
        was: Mapping[str, str] = old.labels if old else {}
        now: Mapping[str, str] = new.labels if new else {}
        labels, gone = now, _NOBODY
        both: dict[str, tuple[str, str]] = {}
        if was != now:
            labels, gone = {**was, **now}, frozenset(was.keys() - now.keys())
            both = {inner: (name, now[inner]) for inner, name in was.items() if now.get(inner, name) != name}
        return cls(
            kind=some.kind,
            old=old.content if old else {},
            new=new.content if new else {},
            old_canonical=old.canonical if old else None,
            new_canonical=new.canonical if new else None,
            labels=labels,
            wired_old=old.content if old else {},
            gone=gone,
            renamed=both,
            elsewhere=elsewhere,
            is_clean=is_clean,
            is_bare=old is not None and new is not None and old.is_bare and new.is_bare,
            effort=effort or Effort(),
            _twice=_repeated(labels.values()),
        )

    def label(self, inner: str) -> str:
        """Return the name people know a part by; two parts of one name are told apart by their ids."""
        name = self.labels.get(inner)
        if name is None:
            return inner
        return f"{name} ({inner})" if name in self._twice and name != inner else name

    def shown(self, path: Path) -> str:
        """Return a path for people: `Parse order.func`."""
        steps = path[1:] if len(path) > 1 and path[0] == PARTS else path
        return ".".join([safe_name(self.label(step)) for step in steps])


def _repeated(names: Collection[str]) -> frozenset[str]:
    if len(set(names)) == len(names):  # as nearly always
        return _NOBODY
    return frozenset(name for name, count in Counter(names).items() if count > 1)


def differences(sides: Sides, rules: DiffRules) -> tuple[tuple[FieldChange, ...], tuple[CodeChange, ...]]:
    """Return the fields and the code that differ, in the order of the content, secrets taken out."""
    found = leaves(sides.old, sides.new, sides.effort)
    quiet = [rules.is_noise(sides.kind, leaf.path) for leaf in found]
    is_settled = _settled(sides, alone=quiet.count(False) == 1)
    fields: list[FieldChange] = []
    code: list[CodeChange] = []
    for leaf, is_quiet in zip(found, quiet, strict=True):
        noise = is_quiet or is_settled(leaf)
        told = _field(sides, leaf, noise=noise, clean=not noise and sides.is_clean)
        fields.append(told)
        if not noise:
            code += _code(sides, rules, leaf, told.path)
    return tuple(fields), tuple(code)


@lru_cache(maxsize=4_096)
def safe_name(text: str) -> str:
    """Return the name of a part or a key without secrets. The same few stand in most paths."""
    return redact(text)


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
            elif not _same(before, after):
                here = (*path, key)
                found.append(Leaf(here, before, after, known_as, here if was is path else (*was, key)))
    elif isinstance(old, list) and isinstance(new, list):
        for a, b in aligned(old, new, found.effort):
            before = MISSING if a is None else old[a]
            after = MISSING if b is None else new[b]
            if _are_one(before, after):
                continue
            here = (*path, str(a if b is None else b))
            there = _NOWHERE if a is None or b is None else here if was is path and a == b else (*was, str(a))
            _compare(found, here, there, name, before, after)
    elif not _same(old, new):
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


def _same(old: Side, new: Side) -> bool:
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


def _settled(sides: Sides, *, alone: bool) -> Callable[[Leaf], bool]:
    """Return a test for leaves whose values are alike once normalised (white space in a description).

    Where one path stands `alone`, because all others are noise, it is what makes the canonical bytes differ.
    """
    if sides.old_canonical is None or sides.new_canonical is None:
        return _never
    if sides.old_canonical == sides.new_canonical:
        return _always
    if alone or sides.is_bare:
        return _never
    trees: list[Json] = []

    def settled(leaf: Leaf) -> bool:
        if leaf.was is _NOWHERE:
            return False
        if not trees:
            trees.extend(orjson.loads(data) for data in (sides.old_canonical or b"", sides.new_canonical or b""))
        return _same(_at(trees[0], leaf.was), _at(trees[1], leaf.path))

    return settled


def _never(_: Leaf) -> bool:
    return False


def _always(_: Leaf) -> bool:
    return True


def _at(tree: Json, path: Path) -> Side:
    for step in path:
        if isinstance(tree, dict) and step in tree:
            tree = tree[step]
        elif isinstance(tree, list) and step.isdigit() and int(step) < len(tree):
            tree = tree[int(step)]
        else:
            return MISSING
    return tree


def _field(sides: Sides, leaf: Leaf, *, noise: bool, clean: bool) -> FieldChange:
    old = None if isinstance(leaf.old, Missing) else leaf.old
    new = None if isinstance(leaf.new, Missing) else leaf.new
    return FieldChange(
        path=sides.shown(leaf.path),
        at=leaf.path,
        old=_safe(old, leaf.name, clean=clean),
        new=_safe(new, leaf.name, clean=clean),
        noise=noise,
        added=isinstance(leaf.old, Missing),
        removed=isinstance(leaf.new, Missing),
    )


def _safe(value: Json, name: str, *, clean: bool) -> Json:
    """Take secrets out; a part as a whole holds noise too (credentials), which `clean` says nothing about."""
    if value is None or isinstance(value, (bool, int, float)):
        return value
    return value if clean and isinstance(value, str) else redact_value(value, name=name)


def _code(sides: Sides, rules: DiffRules, leaf: Leaf, shown: str) -> Iterator[CodeChange]:
    """Yield the code that differs at a leaf, which is `shown` so, or inside a part that came or went."""
    if isinstance(leaf.old, str) and isinstance(leaf.new, str):
        pairs: Iterable[tuple[Path, str, str]] = ((leaf.path, leaf.old, leaf.new),)
    elif isinstance(leaf.old, Missing):
        pairs = ((path, "", text) for path, text in _texts(leaf.path, leaf.new))
    elif isinstance(leaf.new, Missing):
        pairs = ((path, text, "") for path, text in _texts(leaf.path, leaf.old))
    else:
        pairs = ()
    for path, old, new in pairs:
        language = rules.language(sides.kind, path, new or old)
        if language is not None and old != new and not rules.is_noise(sides.kind, path):
            name = shown if path is leaf.path else sides.shown(path)
            yield CodeChange(field=name, language=language, unified=_lines(old, new, clean=sides.is_clean), at=path)


def _texts(path: Path, value: Side) -> Iterator[tuple[Path, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, child in value.items():
            yield from _texts((*path, key), child)
    elif isinstance(value, list):
        for position, child in enumerate(value):
            yield from _texts((*path, str(position)), child)


def _lines(old: str, new: str, *, clean: bool) -> str:
    before, after = _split(old), _split(new)
    if clean:
        return unified(before, after, shown_old=before, shown_new=after)
    return unified(before, after, shown_old=_split(redact(old)), shown_new=_split(redact(new)))


def _split(text: str) -> list[str]:
    return text.split("\n") if text else []
