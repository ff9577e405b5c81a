"""What parts of components may do now: shells, files, open endpoints, TLS, secrets, schedules, by their notices."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final, TypeAlias

from store.domain.component import Component, Json, Notice
from store.domain.impact.facts import Code, Fact
from store.domain.secrets import redact

if TYPE_CHECKING:
    from store.domain.impact import Exported

_Pair: TypeAlias = tuple[Notice | None, Notice | None]
_CODES: Final[Mapping[str, tuple[Code, Code, Code]]] = {
    "shell": (Code.SHELL_ADDED, Code.SHELL_CHANGED, Code.SHELL_REMOVED),
    "file": (Code.FILE_ADDED, Code.FILE_CHANGED, Code.FILE_REMOVED),
    "open-endpoint": (Code.ENDPOINT_OPENED, Code.ENDPOINT_CHANGED, Code.ENDPOINT_CLOSED),
    "tls-off": (Code.TLS_OFF, Code.TLS_CHANGED, Code.TLS_ON),
    "inline-secret": (Code.SECRET_ADDED, Code.SECRET_CHANGED, Code.SECRET_REMOVED),
    "schedule": (Code.SCHEDULE_ADDED, Code.SCHEDULE_CHANGED, Code.SCHEDULE_REMOVED),
}
"""Notice code → what it is called when it came, changed, went."""
_ANY: Final = (Code.NOTICE_ADDED, Code.NOTICE_CHANGED, Code.NOTICE_REMOVED)


def permission_facts(before: Exported, after: Exported, returned: Mapping[str, str]) -> Iterator[Fact]:
    """Yield what parts may do now that they could not, and the other way round, in the order of `after`."""
    if before.notices == after.notices:
        return
    old, new = _by_place(before.notices, {}), _by_place(after.notices, returned)
    was = {component.id: component for component in before.components}
    now = {returned.get(component.id, component.id): component for component in after.components}
    for place in [*new, *(place for place in old if place not in new)]:
        component, code = place
        sides = (was.get(component), now.get(component))
        for pair in _paired(old.get(place, ()), new.get(place, ())):
            yield _fact(code, component, pair, sides)


def _by_place(notices: Iterable[Notice], ids: Mapping[str, str]) -> dict[tuple[str, str], list[Notice]]:
    found: dict[tuple[str, str], list[Notice]] = defaultdict(list)
    for notice in notices:
        found[ids.get(notice.component, notice.component), notice.code].append(notice)
    return found


def _paired(old: Sequence[Notice], new: Sequence[Notice]) -> list[_Pair]:
    """Pair what is about one part: by its id, then by what people call it; what is alike on both sides is left out."""
    left, came = list(old), list(new)
    pairs: list[_Pair] = []
    for same in (_whole, _part, _label):
        waiting: dict[str, list[Notice]] = defaultdict(list)
        for notice in left:
            waiting[same(notice)].append(notice)
        rest: list[Notice] = []
        for notice in came:
            key = same(notice)
            if key and waiting.get(key):
                pairs.append((waiting[key].pop(0), notice))
            else:
                rest.append(notice)
        left, came = [notice for found in waiting.values() for notice in found], rest
    changed = [pair for pair in pairs if pair[0] is not None and pair[1] is not None and _differ(pair[0], pair[1])]
    return [*((None, notice) for notice in came), *changed, *((notice, None) for notice in left)]


def _whole(notice: Notice) -> str:
    return f"{notice.part}\n{notice.detail}"


def _part(notice: Notice) -> str:
    return notice.part


def _label(notice: Notice) -> str:
    return notice.detail.partition(": ")[0]


def _differ(old: Notice, new: Notice) -> bool:
    """Say whether two notices of one part say something else; a new name of the part alone is nothing."""
    return said(old) != said(new) or old.every != new.every


def said(notice: Notice) -> str:
    """Return what a notice says of its part, without the part's name."""
    return notice.detail.partition(": ")[2] or notice.detail


def _fact(code: str, component: str, pair: _Pair, sides: tuple[Component | None, Component | None]) -> Fact:
    old, new = pair
    some = new or old
    assert some is not None
    known = sides[1] if new is not None else sides[1] or sides[0]
    label, colon, _ = some.detail.partition(": ")
    return Fact(
        code=_code(code, pair, sides),
        component=known.id if known is not None else component,
        component_name=redact(known.name) if known is not None else component,
        part=redact(label) if colon and (known is None or label != known.name) else "",
        notice=code,
        old=said(old) if old is not None else "",
        new=said(new) if new is not None else "",
    )


def _code(code: str, pair: _Pair, sides: tuple[Component | None, Component | None]) -> Code:
    added, changed, removed = _CODES.get(code, _ANY)
    match pair:
        case (None, Notice() as new):
            known = code == "open-endpoint" and _is_same_part(sides, new)
            return Code.AUTHENTICATION_LOST if known else added
        case (Notice() as old, None):
            known = code == "open-endpoint" and _is_same_part(sides, old)
            return Code.AUTHENTICATION_GAINED if known else removed
        case (Notice() as old, Notice() as new) if code == "schedule" and old.every and new.every:
            if new.every < old.every:
                return Code.SCHEDULE_FASTER
            return Code.SCHEDULE_SLOWER if new.every > old.every else changed
        case _:
            return changed


def _is_same_part(sides: tuple[Component | None, Component | None], notice: Notice) -> bool:
    """Say whether the part that a notice is about stands on both sides and is of one type on them."""
    kinds = [_type_of(side, notice) for side in sides]
    return kinds[0] is not None and kinds[0] == kinds[1]


def _type_of(component: Component | None, notice: Notice) -> Json:
    """Return the type of a part, by its id, else by its label where that is unique; None where there is no such."""
    nodes = component.content.get("nodes") if component is not None and isinstance(component.content, dict) else None
    if component is None or not isinstance(nodes, dict):
        return None
    part = nodes.get(notice.part)
    if part is None:
        called = [inner for inner, name in component.labels.items() if name == _label(notice)]
        part = nodes.get(called[0]) if len(called) == 1 else None
    return part.get("type") if isinstance(part, dict) else None
