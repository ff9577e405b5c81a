"""From a definition to parts: triggers and actions by name, whatever they are nested in, and who follows whom."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from store.domain.build import FreeKeys
from store.domain.component import Json, Path

Object: TypeAlias = dict[str, Json]

_STEPS: Final = frozenset({"triggers", "actions"})
_HOLDERS: Final = frozenset({"else", "default"})
"""Where more actions stand in a step: `else` of an If, `default` of a Switch."""
_NAMED_HOLDERS: Final = frozenset({"cases", "tools"})
"""The same by name: `cases` of a Switch, `tools` of an Agent."""

_DESIGNER: Final = frozenset({"operationMetadataId", "flowSystemMetadata"})
"""What the designer notes down for itself in the `metadata` of a step."""

_MOST_TRIGGERS: Final = 20
"""How many triggers are told of what follows them; a workflow has one, sometimes a few."""


def is_definition(value: Json) -> bool:
    """Say whether `value` is a workflow definition: it has steps by name, of which each has a type."""
    if not isinstance(value, dict):
        return False
    groups = [value[key] for key in ("triggers", "actions") if key in value]
    shaped = bool(groups) and all(group == {} or _are_steps(group) for group in groups)
    return shaped and (any(groups) or "workflowdefinition" in str(value.get("$schema")))


def flattened(definition: Object) -> tuple[Object, Object]:
    """Return (steps by name, the definition with sorted names where the steps stood); nothing is lost."""
    flat = _Flat()
    rest = flat.without_steps(definition, _STEPS)
    return flat.steps, rest


def _are_steps(value: Json) -> bool:
    return isinstance(value, dict) and all(
        isinstance(step, dict) and isinstance(step.get("type"), str) for step in value.values()
    )


@dataclass(kw_only=True, slots=True)
class _Flat:
    """Steps as they are taken out of what they are nested in; a second one of a name is kept apart."""

    steps: Object = field(default_factory=dict)
    keys: FreeKeys = field(default_factory=FreeKeys)

    def without_steps(self, holder: Object, names: frozenset[str] = frozenset({"actions"})) -> Object:
        bare: Object = {}
        for key, value in holder.items():
            if key in names and isinstance(value, dict) and _are_steps(value):
                bare[key] = self._taken_out(value)
            elif key in _HOLDERS and isinstance(value, dict):
                bare[key] = self.without_steps(value)
            elif key in _NAMED_HOLDERS and isinstance(value, dict):
                bare[key] = {
                    name: self.without_steps(item) if isinstance(item, dict) else item for name, item in value.items()
                }
            else:
                bare[key] = value
        return bare

    def _taken_out(self, group: Object) -> Json:
        """Return the names of the steps of a group, sorted: their order is in `runAfter`."""
        names: list[Json] = []
        for name, step in group.items():
            key = self.keys.free(name, self.steps)
            self.steps[key] = step  # keeps its place before what is nested in it
            if isinstance(step, dict):
                self.steps[key] = self.without_steps(step)
            names.append(key)
        return sorted(names, key=str)


def labels_of(steps: Object) -> dict[str, str]:
    """Return step name → the name as designers show it: with spaces."""
    return {name: name.replace("_", " ") for name in steps}


def wires(content: Json) -> Mapping[str, tuple[str, ...]]:
    """Return for each step those that run after it; what runs first follows the trigger or the step it is in."""
    steps = content.get("nodes") if isinstance(content, dict) else None
    definition = content.get("definition") if isinstance(content, dict) else None
    if not isinstance(steps, dict):
        return {}
    triggers = _names(definition.get("triggers")) if isinstance(definition, dict) else []
    are_triggers, first = frozenset(triggers), triggers[:_MOST_TRIGGERS]
    homes = {child: name for name, step in steps.items() if isinstance(step, dict) for child in _children(step)}
    found: dict[str, list[str]] = {}
    for name, step in steps.items():
        if name in are_triggers or not isinstance(step, dict):
            continue
        after = step.get("runAfter")
        before = list(after) if isinstance(after, dict) and after else [homes[name]] if name in homes else first
        for source in before:
            found.setdefault(source, []).append(name)
    return {source: tuple(found[source]) for source in steps if source in found}


def _children(step: Object) -> Iterator[str]:
    yield from _names(step.get("actions"))
    for key in _HOLDERS & step.keys():
        holder = step[key]
        yield from _names(holder.get("actions")) if isinstance(holder, dict) else ()
    for key in _NAMED_HOLDERS & step.keys():
        holders = step[key]
        for holder in holders.values() if isinstance(holders, dict) else ():
            yield from _names(holder.get("actions")) if isinstance(holder, dict) else ()


def _names(value: Json) -> list[str]:
    return [name for name in value if isinstance(name, str)] if isinstance(value, list) else []


def is_noise(path: Path) -> bool:
    """Say whether a path says nothing about behaviour: what the designer notes down for itself."""
    match path:
        case ("nodes", _, "metadata", key, *_) if key in _DESIGNER:
            return True
        case ("definition", "metadata", *_):
            return True
        case _:
            return False


def without_noise(value: Json, noise: Callable[[Path], bool], *, text: Callable[[str], str] | None = None) -> Json:
    """Return a content without the paths that are noise; `text` brings texts into one form."""
    return _bare(value, noise, text, ())


def workflow_without_noise(
    content: Object, noise: Callable[[Path], bool], *, text: Callable[[str], str] | None = None
) -> Json:
    """Return what `without_noise` does of a content that holds `flattened` steps: most of it, and looked at quicker.

    In them, `noise` must say what `is_noise` does.
    """
    kept: Object = {}
    for key, item in content.items():
        if key == "nodes" and isinstance(item, dict):
            kept[key] = {name: _bare_step(step, text) for name, step in item.items()}
        elif not noise((key,)):
            kept[key] = _bare(item, noise, text, (key,))
    return kept


def _bare_step(step: Json, text: Callable[[str], str] | None) -> Json:
    notes = step.get("metadata") if isinstance(step, dict) else None
    if isinstance(step, dict) and isinstance(notes, dict) and not _DESIGNER.isdisjoint(notes):
        step = {**step, "metadata": {key: item for key, item in notes.items() if key not in _DESIGNER}}
    return step if text is None else _in_one_form(step, text)


def _in_one_form(value: Json, text: Callable[[str], str]) -> Json:
    if isinstance(value, str):
        return text(value)
    if isinstance(value, dict):
        return {key: _in_one_form(item, text) for key, item in value.items()}
    if isinstance(value, list):
        return [_in_one_form(item, text) for item in value]
    return value


def _bare(value: Json, noise: Callable[[Path], bool], text: Callable[[str], str] | None, path: Path) -> Json:
    if isinstance(value, dict):
        kept: dict[str, Json] = {}
        for key, item in value.items():
            at = (*path, key)
            if not noise(at):
                kept[key] = _bare(item, noise, text, at)
        return kept
    if isinstance(value, list):
        return [_bare(item, noise, text, (*path, str(at))) for at, item in enumerate(value)]
    return text(value) if text is not None and isinstance(value, str) else value
