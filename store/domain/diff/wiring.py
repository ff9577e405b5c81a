"""Wires in words: `Parse order now also goes to Alert on-call`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final, TypeAlias

from store.domain.component import DiffRules, Json
from store.domain.diff.model import FieldChange
from store.domain.diff.sides import Sides
from store.domain.secrets import redact

_PART: Final = 2
"""The length of the path of a part: below `nodes`, by its id."""
_Outputs: TypeAlias = Mapping[str, tuple[str, ...]]
"""Name of an output → ids it sends to."""


def wiring(sides: Sides, rules: DiffRules, fields: Sequence[FieldChange]) -> Mapping[str, tuple[str, ...]]:
    """Return the sentences for each part that sends its messages elsewhere than before, names made safe.

    `fields` are all that differ between the two.
    """
    if not _may_concern(fields, rules):
        return {}
    old, new = _outputs(sides.wired_old, rules), _outputs(sides.new, rules)
    if old == new:
        return {}
    words: dict[str, tuple[str, ...]] = {}
    for source in [*old, *(source for source in new if source not in old)]:
        before, after = old.get(source, {}), new.get(source, {})
        if before != after and source not in sides.gone:  # what is gone sends nothing: its own line says so
            words[source] = tuple(redact(sentence) for sentence in _sentences(sides, source, before, after))
    return words


def told(
    fields: tuple[FieldChange, ...], words: Mapping[str, tuple[str, ...]], sides: Sides, rules: DiffRules
) -> tuple[FieldChange, ...]:
    """Return the fields, those marked that say of a wire what the `words` of its part say, or that it is gone."""
    sources = {*sides.gone, *(source for source, said in words.items() if said)}
    if rules.wire_of is None or not sources:
        return fields
    spoken = {*sources, *(sides.labels[source] for source in sources if source in sides.labels)}
    return tuple(replace(field, told=True) if rules.wire_of(field.at) in spoken else field for field in fields)


def naming(sides: Sides, component: str) -> tuple[str, ...]:
    """Return one sentence for each part that has another name now; a part called as its `component` is is no part."""
    return tuple(redact(f"{now} was called {was}") for was, now in sides.renamed.values() if now != component)


def _may_concern(fields: Sequence[FieldChange], rules: DiffRules) -> bool:
    """Say whether wires may differ: a whole part came or went, or what they are read from has changed."""
    keys = rules.wired_by
    return keys is None or any(len(field.at) <= _PART or not keys.isdisjoint(field.at[_PART:]) for field in fields)


def _outputs(content: Json, rules: DiffRules) -> Mapping[str, _Outputs]:
    if rules.outputs is not None:
        return rules.outputs(content)
    return {source: {"": targets} for source, targets in rules.wires(content).items()} if rules.wires else {}


def _sentences(sides: Sides, source: str, before: _Outputs, after: _Outputs) -> Iterator[str]:
    was, now = _by_target(before), _by_target(after)
    several = len({*before, *after}) > 1
    also = "also " if was.keys() & now.keys() else ""
    name = sides.label(source)
    for target, outputs in now.items():
        to = _target(sides, target)
        known = was.get(target, [])
        came = [output for output in outputs if output not in known]
        left = [output for output in known if output not in outputs]
        if not known:
            yield f"{name} now {also}goes to {to}{_from(came, several=several)}"
        elif came and left:
            yield f"{name} goes to {to}{_from(came, several=several)} now, not{_from(left, several=several)}"
        elif came:
            yield f"{name} now also goes to {to}{_from(came, several=several)}"
        elif left:
            yield f"{name} no longer goes to {to}{_from(left, several=several)}"
    for target, outputs in was.items():
        if target not in now:
            end = ", which is gone" if target in sides.gone else _from(outputs, several=several)
            yield f"{name} no longer goes to {_target(sides, target)}{end}"


def _by_target(outputs: _Outputs) -> dict[str, list[str]]:
    """Return target → the outputs that send to it, in order."""
    found: dict[str, list[str]] = {}
    for output, targets in outputs.items():
        for target in dict.fromkeys(targets):
            found.setdefault(target, []).append(output)
    return found


def _from(outputs: list[str], *, several: bool) -> str:
    return f" from {' and '.join(outputs)}" if several and outputs else ""


def _target(sides: Sides, target: str) -> str:
    if target in sides.labels:
        return sides.label(target)
    return sides.elsewhere(target) or target
