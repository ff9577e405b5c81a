"""Components that came back under another id: what left and what came, paired by what they hold."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from store.domain.component import Component, Path
from store.domain.diff.unnamed import renamed, unnamed_alike

_ALIKE: Final = 0.5
"""Share of common texts (Jaccard index) from which two components of one kind count as one."""
_COMMON: Final = 30
"""A text that more components hold says nothing about which is which."""
_MOST_TEXTS: Final = 800
_TITLED: Final = frozenset({
    "automation", "script", "scene", "dashboard", "panel", "row", "workflow", "flow", "tab", "subflow", "scenario",
})  # fmt: skip
"""Kinds of component that are called by a title of their own, not after their file or the integration they set up."""
_NAMESAKES: Final = 0.25
"""Share of the texts of the smaller one that two of one title have in common, when they count as one."""


def pair(removed: Sequence[Component], added: Sequence[Component]) -> list[tuple[Component, Component]]:
    """Return (old, new) pairs among the components that left and came; each stands in one pair at most.

    First the same bytes, then the same kind with at least half of its texts in common, then the same title where
    nothing else that left or came has it. Time grows with the bytes, not with the number of possible pairs.
    """
    if not removed or not added:
        return []
    by_digest = {component.digest: component for component in removed}
    pairs = [(by_digest.pop(new.digest), new) for new in added if new.digest in by_digest]
    done = {id(component) for both in pairs for component in both}
    left = [component for component in removed if id(component) not in done]
    came = [component for component in added if id(component) not in done]
    pairs += _alike(left, came)
    done = {id(component) for both in pairs for component in both}
    return pairs + _namesakes(
        [component for component in left if id(component) not in done],
        [component for component in came if id(component) not in done],
    )


def returned(old: Sequence[Component], new: Sequence[Component]) -> dict[str, str]:
    """Return new id → old id of every component that came back under another id (`pair`)."""
    ids_old = {component.id for component in old}
    ids_new = {component.id for component in new}
    gone = [component for component in old if component.id not in ids_new]
    came = [component for component in new if component.id not in ids_old]
    return {after.id: before.id for before, after in pair(gone, came)}


def with_ids_of(
    old: Component, new: Component, returned: Mapping[str, str], is_noise: Callable[[str, Path], bool]
) -> Component:
    """Return `new` with the ids of `old` in content and labels, wherever a part kept its name, or all else it holds.

    `returned` holds new id → old id of every component that came back, for what refers to them.
    """
    unique_old = _unique(old)
    unique_new = _unique(new)
    names = {unique_new[name]: unique_old[name] for name in unique_new if name in unique_old}
    unnamed = unnamed_alike(old, new, {**returned, **names}, is_noise)
    names |= unnamed

    def old_id(text: str) -> str:
        return returned.get(text) or names.get(text, text)

    labels = {
        old_id(inner): old.labels.get(unnamed[inner], name) if inner in unnamed else name
        for inner, name in new.labels.items()
    }
    return replace(new, content=renamed(new.content, old_id), labels=labels)


def _alike(left: Sequence[Component], came: Sequence[Component]) -> list[tuple[Component, Component]]:
    texts_left = [_texts(component) for component in left]
    texts_came = [_texts(component) for component in came]
    holders: dict[tuple[str, bytes], list[int]] = defaultdict(list)
    for index, texts in enumerate(texts_left):
        for text in texts:
            holders[left[index].kind, text].append(index)
    scores: list[tuple[float, int, int]] = []
    for index, texts in enumerate(texts_came):
        common: Counter[int] = Counter()
        for text in texts:
            who = holders.get((came[index].kind, text), ())
            if len(who) <= _COMMON:
                common.update(who)
        for other, _ in common.most_common(3):
            both = len(texts & texts_left[other])
            score = both / len(texts | texts_left[other])
            if score >= _ALIKE:
                scores.append((score, other, index))
    pairs = []
    used_left: set[int] = set()
    used_came: set[int] = set()
    for _, other, index in sorted(scores, key=lambda score: (-score[0], score[1], score[2])):
        if other not in used_left and index not in used_came:
            used_left.add(other)
            used_came.add(index)
            pairs.append((left[other], came[index]))
    return pairs


def _namesakes(left: Sequence[Component], came: Sequence[Component]) -> list[tuple[Component, Component]]:
    """Pair what was given an id, or another one, while much of it was changed: an automation that had only a title."""
    of_left, of_came = _by_title(left), _by_title(came)
    pairs = [(of_left[title], new) for title, new in of_came.items() if title in of_left]
    return [(old, new) for old, new in pairs if _shares_some(_texts(old), _texts(new))]


def _by_title(components: Sequence[Component]) -> dict[tuple[str, str], Component]:
    titles = Counter((component.kind, component.name) for component in components)
    return {
        (component.kind, component.name): component
        for component in components
        if component.kind in _TITLED and component.name and titles[component.kind, component.name] == 1
    }


def _shares_some(old: set[bytes], new: set[bytes]) -> bool:
    smaller = min(len(old), len(new))
    return smaller > 0 and len(old & new) >= _NAMESAKES * smaller


def _texts(component: Component) -> set[bytes]:
    """Return the texts of a component, ids left out: keys, names, code, settings.

    What stands between quotes, roughly: the pieces in between and cut code tell two components apart as well.
    """
    texts = {text for text in component.canonical.split(b'"', _MOST_TEXTS)[:_MOST_TEXTS] if 3 <= len(text) <= 200}
    return texts - {inner.encode() for inner in component.labels} - {component.id.encode()}


def _unique(component: Component) -> dict[str, str]:
    names = Counter(component.labels.values())
    return {name: inner for inner, name in component.labels.items() if names[name] == 1}
