"""The semantic diff: what two versions of an export do differently, component by component."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from itertools import chain

from store.domain.component import Component, DiffRules, Json
from store.domain.diff.aligning import Effort
from store.domain.diff.fields import differences
from store.domain.diff.model import Change, CodeChange, ComponentChange, Diff, FieldChange
from store.domain.diff.renames import returned, with_ids_of
from store.domain.diff.sides import Sides
from store.domain.diff.unnamed import renamed
from store.domain.diff.wiring import naming, told, wiring
from store.domain.impact import Exported, impact
from store.domain.impact.permitting import said
from store.domain.secrets import is_another_secret, redact, which_may_hold

__all__ = [
    "Change",
    "CodeChange",
    "ComponentChange",
    "Diff",
    "FieldChange",
    "compare",
    "compare_exports",
    "with_impact",
]


def compare(old: Sequence[Component], new: Sequence[Component], rules: DiffRules) -> Diff:
    """Return what differs, in the order of `new`, what is gone at the end; secrets are taken out of every text.

    Components are matched by id, then by content (`renames.pair`). Equal digests with different contents are
    noise. Nothing is said of connectors and permissions: `compare_exports` does.
    """
    by_id = {component.id: component for component in old}
    kept = {component.id for component in new}
    ids = returned(old, new)
    taken = set(ids.values())
    stayed = [(by_id.get(component.id), component) for component in new if component.id not in ids]
    gone = [part for part in old if part.id not in kept and part.id not in taken]
    pairing = _Pairing(rules=rules, ids=ids, elsewhere=_names(old, new), suspect=_suspect(stayed, gone))

    changes = [
        pairing.returned(by_id[ids[component.id]], component)
        if component.id in ids
        else pairing.change(by_id.get(component.id), component)
        for component in new
    ]
    changes += [pairing.gone(part) for part in gone]
    return Diff(components=tuple(change for change in changes if change is not None))


def compare_exports(old: Exported, new: Exported, rules: DiffRules) -> Diff:
    """Return what differs between two exports, releases or states of one platform, and what that does."""
    return with_impact(compare(old.components, new.components, rules), old, new)


def with_impact(diff: Diff, old: Exported, new: Exported) -> Diff:
    """Return a diff with what the change from `old` to `new` does to connectors and permissions."""
    came_back = {change.id: change.old_id for change in diff.components if change.old_id is not None}
    effect = impact(old, new, returned=came_back)
    told = {(fact.component, fact.notice, fact.new) for fact in effect.facts}
    return replace(
        diff,
        old_connectors=tuple(old.connectors),
        new_connectors=tuple(new.connectors),
        notices=tuple(new.notices),
        standing=tuple(note for note in new.notices if (note.component, note.code, said(note)) not in told),
        impact=effect,
    )


def _names(old: Sequence[Component], new: Sequence[Component]) -> Callable[[str], str | None]:
    """Return inner id → the name people know the part by, of all components; made when it is first needed."""

    @cache
    def everything() -> Mapping[str, str]:
        return {inner: name for component in (*old, *new) for inner, name in component.labels.items()}

    return lambda inner: everything().get(inner)


def _suspect(stayed: Iterable[tuple[Component | None, Component]], gone: Iterable[Component]) -> frozenset[str]:
    """Return the digests of the components that are shown and may hold secrets."""
    shown = [*gone]
    for old, new in stayed:
        if old is None or old.digest != new.digest:
            shown += [new] if old is None else [old, new]
    texts = {component.digest: component.canonical for component in shown}
    return frozenset(digest for digest, holds in zip(texts, which_may_hold([*texts.values()]), strict=True) if holds)


class _Pairing:
    """Describes the components of two sides that belong together."""

    def __init__(
        self,
        *,
        rules: DiffRules,
        ids: Mapping[str, str],
        elsewhere: Callable[[str], str | None],
        suspect: frozenset[str],
    ) -> None:
        self._rules = rules
        self._suspect = suspect
        self._ids = ids
        self._elsewhere = elsewhere
        self._effort = Effort()

    def change(self, old: Component | None, new: Component) -> ComponentChange | None:
        if old is None:
            return self._described(new, Change.ADDED, self._sides(None, new))
        if old.digest == new.digest and (old.content is new.content or old.content == new.content):
            return None
        sides = self._sides(old, new)
        if old.digest == new.digest:
            fields, _ = differences(sides, self._rules)
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
            return self._described(new, Change.CHANGED, sides)
        return self._described(new, Change.RENAMED, sides, words=(f"was called {old.name}",))

    def returned(self, old: Component, new: Component) -> ComponentChange:
        """Describe a component that came back under another id: its inner ids are new too, and that is no change."""
        sides = self._sides(old, with_ids_of(old, new, self._ids, self._rules.is_noise))
        if old.digest != new.digest:  # the canonical bytes still have the new ids
            sides = replace(sides, old_canonical=None, new_canonical=None, is_clean=False)
        words = (f"was called {old.name}",) if old.name != new.name else ()
        change = self._described(new, Change.RENAMED, sides, words=(*words, f"its id was {old.id}"))
        return replace(change, old_id=old.id)

    def gone(self, old: Component) -> ComponentChange:
        return self._described(old, Change.REMOVED, self._sides(old, None))

    def _sides(self, old: Component | None, new: Component | None) -> Sides:
        is_clean = all(part.digest not in self._suspect for part in (old, new) if part is not None)
        sides = Sides.of(old, new, self._elsewhere, is_clean=is_clean, effort=self._effort)
        if not sides.renamed or not isinstance(sides.old, dict):
            return sides
        names = dict(sides.renamed.values())
        calls: dict[str, Json] = {
            key: renamed(sides.old[key], lambda text: names.get(text, text))
            for key in self._rules.called_by_name
            if key in sides.old
        }
        return replace(sides, old={**sides.old, **calls}, is_bare=False) if calls else sides

    def _described(
        self, component: Component, change: Change, sides: Sides, *, words: tuple[str, ...] = ()
    ) -> ComponentChange:
        fields, code = differences(sides, self._rules)
        if change in {Change.CHANGED, Change.RENAMED}:
            wires = wiring(sides, self._rules, fields)
            own = (*(redact(word) for word in words), *_secrets(fields))
            words = (*own, *naming(sides, component.name), *chain.from_iterable(wires.values()))
            fields = told(fields, wires, sides, self._rules)
        return ComponentChange(
            id=component.id,
            name=redact(component.name),
            kind=component.kind,
            change=change,
            fields=fields,
            code=code,
            words=words,
        )


def _secrets(fields: Iterable[FieldChange]) -> tuple[str, ...]:
    """Return a sentence for each field in which another secret stands than before: their marks tell, not they."""
    return tuple(
        f"the secret in {field.path} changed"
        for field in fields
        if isinstance(field.old, str) and isinstance(field.new, str) and is_another_secret(field.old, field.new)
    )
