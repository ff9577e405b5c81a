"""Gates about what a release reaches and may do: connectors-allowed, least-privilege."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final

from store.domain.component import Connector
from store.domain.connectors import judge
from store.domain.gates.verdict import Verdict, bad, good, some

if TYPE_CHECKING:  # the rules' own types are slow to import
    from store.domain.policy.gates import ConnectorsAllowed, LeastPrivilege


@dataclass(frozen=True, kw_only=True, slots=True)
class Connected:
    """Every connector of the release, and the lists."""

    connectors: tuple[Connector, ...]
    rule: ConnectorsAllowed


def connectors_allowed(seen: Connected) -> Verdict:
    """Let connectors pass that the lists of hosts, modules and licences allow."""
    judged = judge(seen.connectors, seen.rule)
    if judged.passed:
        return good(f"{len(seen.connectors)} connectors, none of them against the lists")
    return bad(some(judged.reasons), "take it out, or have the policy allow it; else an exception")


@dataclass(frozen=True, kw_only=True, slots=True)
class Mark:
    """Something that a part of a component may do."""

    code: str
    component: str
    """Its id; empty where it is about the installation as a whole."""
    name: str
    detail: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Privileges:
    """What the release may do, and what the policy lets it."""

    project: str
    marks: tuple[Mark, ...]
    rule: LeastPrivilege


_WORDS: Final[Mapping[str, str]] = {
    "open-endpoint": "an endpoint without authentication",
    "shell": "a program is started",
    "file": "files are read or written",
}


def least_privilege(seen: Privileges) -> Verdict:
    """Let a release pass without open endpoints, shells and access to files, but where the policy allows them."""
    allowed = {"open-endpoint": seen.rule.open_endpoints, "shell": seen.rule.shell, "file": seen.rule.files}
    against = [mark for mark in seen.marks if not allowed.get(mark.code, True) and not _is_excepted(mark, seen)]
    if not against:
        return good("nothing may do more than the policy lets it")
    found = some(f"{_WORDS[mark.code]}: {mark.name or 'the installation'}, {mark.detail}" for mark in against)
    how = (
        "let the endpoint ask who calls, take the node out, or have the policy except the component; else an exception"
    )
    return bad(found, how)


def _is_excepted(mark: Mark, seen: Privileges) -> bool:
    paths = [f"{seen.project}/{called}" for called in (mark.component, mark.name) if called]
    return any(fnmatchcase(path, glob) for path in paths for glob in seen.rule.except_components)
