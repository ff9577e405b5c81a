"""The semantic diff: what two versions of an export do differently, component by component."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from store.domain.component import Component, Connector, DiffRules, Notice
from store.domain.diff.fields import Sides, differences
from store.domain.diff.model import Change, CodeChange, ComponentChange, Diff, FieldChange
from store.domain.diff.renames import pair, with_ids_of
from store.domain.diff.wiring import wiring
from store.domain.secrets import is_another_secret, redact

__all__ = ["Change", "CodeChange", "ComponentChange", "Diff", "FieldChange", "compare"]


def compare(
    old: Sequence[Component],
    new: Sequence[Component],
    rules: DiffRules,
    *,
    old_connectors: Iterable[Connector] = (),
    new_connectors: Iterable[Connector] = (),
    notices: Iterable[Notice] = (),
) -> Diff:
    """Return what differs, in the order of `new`, what is gone at the end; secrets are taken out of every text.

    Components are matched by id, then by content (`renames.pair`). Equal digests with different contents are
    noise. `notices` are passed through.
    """
    by_id = {component.id: component for component in old}
    kept = {component.id for component in new}
    gone = [component for component in old if component.id not in kept]
    came = [component for component in new if component.id not in by_id]
    before = {after.id: component for component, after in pair(gone, came)}
    ids = {after: component.id for after, component in before.items()}
    returned = set(ids.values())

    changes = [
        _returned(before[component.id], component, ids, rules)
        if component.id in before
        else _change(by_id.get(component.id), component, rules)
        for component in new
    ]
    changes += [_gone(component, rules) for component in gone if component.id not in returned]
    was, now = dict.fromkeys(old_connectors), dict.fromkeys(new_connectors)
    return Diff(
        components=tuple(change for change in changes if change is not None),
        connectors_added=tuple(connector for connector in now if connector not in was),
        connectors_removed=tuple(connector for connector in was if connector not in now),
        notices=tuple(notices),
    )


def _change(old: Component | None, new: Component, rules: DiffRules) -> ComponentChange | None:
    if old is None:
        sides = Sides.of(None, new)
        return _described(new, Change.ADDED, sides, rules)
    if old.digest == new.digest and (old.content is new.content or old.content == new.content):
        return None
    sides = Sides.of(old, new)
    if old.digest == new.digest:
        fields, _ = differences(sides, rules)
        if not fields:
            return None
        return ComponentChange(
            id=new.id,
            name=redact(new.name),
            kind=new.kind,
            change=Change.NOISE,
            fields=fields,
            words=_secrets(fields),
        )
    if old.name == new.name:
        return _described(new, Change.CHANGED, sides, rules)
    return _described(new, Change.RENAMED, sides, rules, words=(f"was called {old.name}",))


def _returned(old: Component, new: Component, ids: Mapping[str, str], rules: DiffRules) -> ComponentChange:
    """Describe a component that came back under another id: its inner ids are new too, and that is no change."""
    sides = Sides.of(old, with_ids_of(old, new, ids))
    if old.digest != new.digest:  # the canonical bytes still have the new ids
        sides = replace(sides, old_canonical=None, new_canonical=None)
    words = (f"was called {old.name}",) if old.name != new.name else ()
    change = _described(new, Change.RENAMED, sides, rules, words=(*words, f"its id was {old.id}"))
    return replace(change, old_id=old.id)


def _gone(old: Component, rules: DiffRules) -> ComponentChange:
    return _described(old, Change.REMOVED, Sides.of(old, None), rules)


def _described(
    component: Component, change: Change, sides: Sides, rules: DiffRules, *, words: tuple[str, ...] = ()
) -> ComponentChange:
    fields, code = differences(sides, rules)
    wires = wiring(sides, rules) if change in {Change.CHANGED, Change.RENAMED} else ()
    return ComponentChange(
        id=component.id,
        name=redact(component.name),
        kind=component.kind,
        change=change,
        fields=fields,
        code=code,
        words=(*(redact(word) for word in words), *_secrets(fields), *wires),
    )


def _secrets(fields: Iterable[FieldChange]) -> tuple[str, ...]:
    """Return a sentence for each field in which another secret stands than before: their marks tell, not they."""
    return tuple(
        f"the secret in {field.path} changed"
        for field in fields
        if isinstance(field.old, str) and isinstance(field.new, str) and is_another_secret(field.old, field.new)
    )
