"""What may be reached and used: lists of hosts, modules and licences, and the verdict on connectors.

The rule of the gate `connectors-allowed`; the lists come from the policy (`store.domain.policy.gates`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from store.domain.component import Connector
from store.domain.hosts import OPEN

if TYPE_CHECKING:  # the rules' own types are slow to import
    from store.domain.policy.gates import ConnectorsAllowed, Lists

_PORT = re.compile(r":[0-9]{1,5}\Z")
_OR = re.compile(r"\s+OR\s+", re.IGNORECASE)
_AND = re.compile(r"\s+AND\s+", re.IGNORECASE)
_WITH = re.compile(r"\s+WITH\s+.*", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Judgement:
    """Whether every connector is allowed, and why not."""

    reasons: tuple[str, ...] = ()
    """One for each connector and list that is against it, in the order of the connectors."""

    @property
    def passed(self) -> bool:
        """Nothing is against it."""
        return not self.reasons


def judge(connectors: Iterable[Connector], rule: ConnectorsAllowed) -> Judgement:
    """Return whether these connectors are allowed. Denied wins; with an `allow` list only what is on it passes."""
    return Judgement(reasons=tuple(reason for link in connectors for reason in _against(link, rule)))


def _against(link: Connector, rule: ConnectorsAllowed) -> Iterator[str]:
    if link.kind == "host":
        yield from _listed(rule.hosts, _spellings(link.name), f"host {link.name}", also_denied=_stems(link.name))
    elif link.kind == "module":
        yield from _listed(rule.modules, (link.name,), f"module {link.name}")
        yield from _licensed(link, rule)


def _listed(lists: Lists, spellings: tuple[str, ...], what: str, *, also_denied: tuple[str, ...] = ()) -> Iterator[str]:
    denied = next((glob for glob in lists.deny if _matches(spellings + also_denied, glob)), None)
    if denied is not None:
        yield f"{what} is denied ({denied})"
    elif lists.allow is not None and not any(_matches(spellings, glob) for glob in lists.allow):
        yield f"{what} is not on the list of what is allowed"


def _licensed(link: Connector, rule: ConnectorsAllowed) -> Iterator[str]:
    """Judge a licence. Of `A OR B` one must do, of `A AND B` both; parentheses count as AND, to be on the safe side."""
    lists = rule.licences
    if not link.licence:
        if not rule.unknown_licence:
            yield f"module {link.name} has no licence that is known"
        return
    choices = [link.licence] if "(" in link.licence else _OR.split(link.licence)
    verdicts = [
        [
            reason
            for part in _parts(choice)
            for reason in _listed(lists, (part,), f"licence {part} of module {link.name}")
        ]
        for choice in choices
    ]
    if all(verdicts):
        yield from verdicts[0]


def _parts(choice: str) -> list[str]:
    bare = choice.replace("(", " ").replace(")", " ").strip()
    return [_WITH.sub("", part).strip() for both in _OR.split(bare) for part in _AND.split(both)]


def _spellings(host: str) -> tuple[str, ...]:
    """Return a host with and without its port, so that a glob need not know the port."""
    bare = _PORT.sub("", host)
    return (host, bare) if bare != host else (host,)


def _stems(host: str) -> tuple[str, ...]:
    """Return what is known of a name that goes on: denied if that is denied, but never allowed by it."""
    return _spellings(host.removesuffix(OPEN)) if host.endswith(OPEN) else ()


def _matches(spellings: tuple[str, ...], glob: str) -> bool:
    return any(fnmatchcase(text.casefold(), glob.casefold()) for text in spellings)
