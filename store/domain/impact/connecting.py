"""Which hosts, modules, connections and credentials came, went, or changed, and who uses them now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Final, TypeAlias

from store.domain.component import Connector
from store.domain.impact.facts import Code, Fact
from store.domain.secrets import redact

if TYPE_CHECKING:
    from store.domain.impact import Exported

_Key: TypeAlias = tuple[str, str, str | None]
_NOBODY: Final = Connector(kind="", name="")


def connector_facts(before: Exported, after: Exported, returned: Mapping[str, str]) -> Iterator[Fact]:
    """Yield what changes for connectors, in the order of `after`; what is gone at the end."""
    if before.connectors == after.connectors:
        return
    names = {c.id: redact(c.name) for c in (*before.components, *after.components)}
    old = _by_key(before.connectors, {was: now for now, was in returned.items()})
    new = _by_key(after.connectors, {})
    swapped = list(_swapped(old, new))
    told = {(component, _key(link)) for component, gone, came in swapped for link in (gone, came)}
    for component, gone, came in swapped:
        fact = Fact(code=Code.CREDENTIAL_CHANGED, component=component, component_name=names.get(component, component))
        yield replace(fact, connector=came, old=_shown(gone, came), new=_shown(came, gone))
    for key, link in new.items():
        was = old.get(key)
        if was is None:
            yield _fact(Code.CONNECTOR_ADDED, link, names)
            continue
        if was.version != link.version:
            yield replace(_fact(Code.CONNECTOR_VERSION, link, names), old=was.version or "", new=link.version or "")
        if was.licence != link.licence:
            yield replace(_fact(Code.CONNECTOR_LICENCE, link, names), old=was.licence or "", new=link.licence or "")
    for key, link in old.items():
        if key not in new:
            yield _fact(Code.CONNECTOR_REMOVED, link, names)
    for code, here, there in ((Code.CONNECTOR_USED, new, old), (Code.CONNECTOR_UNUSED, old, new)):
        for key, link in here.items():
            if key in there:
                users = sorted(set(link.components) - set(there[key].components))
                fresh = [user for user in users if (user, key) not in told]
                yield from (_fact(code, replace(new[key], components=(user,)), names) for user in fresh)


def _by_key(connectors: Iterable[Connector], ids: Mapping[str, str]) -> dict[_Key, Connector]:
    """Return each connector once whatever its versions, with all that use it; `ids` are users that changed theirs."""
    grouped: dict[_Key, list[Connector]] = defaultdict(list)
    for link in connectors:
        grouped[_key(link)].append(link)
    return {
        key: replace(
            links[0],
            version=_joined(link.version for link in links),
            licence=_joined(link.licence for link in links),
            components=tuple(sorted({ids.get(user, user) for link in links for user in link.components})),
        )
        for key, links in grouped.items()
    }


def _joined(values: Iterable[str | None]) -> str | None:
    return ", ".join(sorted({value for value in values if value})) or None


def _key(link: Connector) -> _Key:
    return link.kind, link.name, link.ref


def _swapped(
    old: Mapping[_Key, Connector], new: Mapping[_Key, Connector]
) -> Iterator[tuple[str, Connector, Connector]]:
    """Yield (component, credential before, credential now) where one took the place of one of its sort."""
    gone = _uses_beyond(old, new)
    came = _uses_beyond(new, old)
    for place, links in came.items():
        before = gone.get(place, [])
        if len(links) == len(before) == 1:
            yield place[0], before[0], links[0]


def _uses_beyond(
    here: Mapping[_Key, Connector], there: Mapping[_Key, Connector]
) -> dict[tuple[str, str], list[Connector]]:
    """Return (component, sort of credential) → what it uses here and does not use there."""
    found: dict[tuple[str, str], list[Connector]] = defaultdict(list)
    for key, link in here.items():
        if link.kind == "credential":
            sort = link.name.partition(": ")[0] if ": " in link.name else ""
            for user in sorted(set(link.components) - set(there.get(key, _NOBODY).components)):
                found[user, sort].append(link)
    return found


def _fact(code: Code, link: Connector, names: Mapping[str, str]) -> Fact:
    """Return a fact about a connector; it is about one component where only that one uses it."""
    component = link.components[0] if len(link.components) == 1 else ""
    return Fact(code=code, component=component, component_name=names.get(component, component), connector=link)


def _shown(link: Connector, beside: Connector) -> str:
    """Return a credential's name, with its id where the names are the same."""
    return f"{link.name} ({link.ref})" if link.name == beside.name and link.ref else link.name
