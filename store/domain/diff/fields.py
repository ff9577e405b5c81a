"""What differs inside one component: values by path, code by line."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import orjson

from store.domain.component import DiffRules, Json, Path
from store.domain.diff.leaves import MISSING, NOWHERE, Leaf, Missing, Side, leaves, same
from store.domain.diff.model import CodeChange, FieldChange
from store.domain.diff.sides import Sides
from store.domain.patience import unified
from store.domain.secrets import redact, redact_value


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
        if leaf.was is NOWHERE:
            return False
        if not trees:
            trees.extend(orjson.loads(data) for data in (sides.old_canonical or b"", sides.new_canonical or b""))
        return same(_at(trees[0], leaf.was), _at(trees[1], leaf.path))

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
