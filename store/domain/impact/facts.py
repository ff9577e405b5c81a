"""What a change does to connectors and permissions, as values: one fact for each thing somebody should weigh."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from store.domain.component import Connector, Json
from store.domain.impact.words import sentence


class Direction(StrEnum):
    """Whether more is possible after the change than before it."""

    WIDER = "wider"
    NARROWER = "narrower"
    OTHER = "other"


class Code(StrEnum):
    """What happened. The values are stable: rules, policies and `diff --json` name them."""

    CONNECTOR_ADDED = "connector-added"
    CONNECTOR_REMOVED = "connector-removed"
    CONNECTOR_VERSION = "connector-version"
    CONNECTOR_LICENCE = "connector-licence"
    CONNECTOR_USED = "connector-used"
    """A component uses a connector now that others used before."""
    CONNECTOR_UNUSED = "connector-unused"
    """A component no longer uses a connector that others still do."""
    CREDENTIAL_CHANGED = "credential-changed"
    """A component uses another credential in the place of one."""
    AUTHENTICATION_LOST = "authentication-lost"
    """An endpoint that was there before asks for no authentication any more."""
    AUTHENTICATION_GAINED = "authentication-gained"
    ENDPOINT_OPENED = "endpoint-opened"
    """A new endpoint asks for no authentication."""
    ENDPOINT_CHANGED = "endpoint-changed"
    ENDPOINT_CLOSED = "endpoint-closed"
    SHELL_ADDED = "shell-added"
    SHELL_CHANGED = "shell-changed"
    SHELL_REMOVED = "shell-removed"
    FILE_ADDED = "file-added"
    FILE_CHANGED = "file-changed"
    FILE_REMOVED = "file-removed"
    TLS_OFF = "tls-off"
    TLS_CHANGED = "tls-changed"
    TLS_ON = "tls-on"
    SECRET_ADDED = "secret-added"  # noqa: S105  a name
    SECRET_CHANGED = "secret-changed"  # noqa: S105
    SECRET_REMOVED = "secret-removed"  # noqa: S105
    SCHEDULE_ADDED = "schedule-added"
    SCHEDULE_FASTER = "schedule-faster"
    SCHEDULE_SLOWER = "schedule-slower"
    SCHEDULE_CHANGED = "schedule-changed"
    SCHEDULE_REMOVED = "schedule-removed"
    NOTICE_ADDED = "notice-added"
    """Something that only the platform's adapter knows a name for; so the two below."""
    NOTICE_CHANGED = "notice-changed"
    NOTICE_REMOVED = "notice-removed"


_NARROWER: Final = frozenset({
    Code.CONNECTOR_REMOVED, Code.CONNECTOR_UNUSED, Code.AUTHENTICATION_GAINED, Code.ENDPOINT_CLOSED,
    Code.SHELL_REMOVED, Code.FILE_REMOVED, Code.TLS_ON, Code.SECRET_REMOVED, Code.SCHEDULE_SLOWER,
    Code.SCHEDULE_REMOVED, Code.NOTICE_REMOVED,
})  # fmt: skip
_OTHER: Final = frozenset({
    Code.CONNECTOR_VERSION, Code.CONNECTOR_LICENCE, Code.CREDENTIAL_CHANGED, Code.ENDPOINT_CHANGED,
    Code.SHELL_CHANGED, Code.FILE_CHANGED, Code.TLS_CHANGED, Code.SECRET_CHANGED, Code.SCHEDULE_CHANGED,
    Code.NOTICE_CHANGED,
})  # fmt: skip
DIRECTIONS: Final[Mapping[Code, Direction]] = MappingProxyType({
    code: Direction.NARROWER if code in _NARROWER else Direction.OTHER if code in _OTHER else Direction.WIDER
    for code in Code
})  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Fact:
    """One thing that a change does. Texts come from exports: secrets are out of them, nothing else is."""

    code: Code
    component: str = ""
    """The component's id; empty where it is about the installation as a whole."""
    component_name: str = ""
    part: str = ""
    """What people call the part of the component (a node); empty where it is about the whole."""
    notice: str = ""
    """The code of the notice it was read from (`shell`); empty for facts about connectors."""
    connector: Connector | None = None
    """As it is after the change; as it was, where it is gone."""
    old: str = ""
    """What it was before, in a few words: a version, a command, a schedule, a credential."""
    new: str = ""

    @property
    def direction(self) -> Direction:
        """Whether more is possible than before."""
        return DIRECTIONS[self.code]

    @property
    def words(self) -> str:
        """The fact in one sentence without a full stop."""
        return sentence(self)

    def to_json(self) -> dict[str, Json]:
        """Return the fact as `diff --json` prints it."""
        link = self.connector
        return {
            "code": self.code.value,
            "direction": self.direction.value,
            "component": self.component,
            "part": self.part,
            "connector": None if link is None else {"kind": link.kind, "name": link.name, "version": link.version},
            "old": self.old,
            "new": self.new,
            "words": self.words,
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class Impact:
    """What a change does to connectors and permissions; empty when it does nothing to them."""

    facts: tuple[Fact, ...] = ()
    """Permissions first, then connectors; in each what widens before what changes before what narrows."""

    @property
    def permissions(self) -> tuple[Fact, ...]:
        """The facts that are not about a connector as such."""
        return tuple(fact for fact in self.facts if not is_about_connector(fact))

    @property
    def connectors(self) -> tuple[Fact, ...]:
        """The facts about hosts, modules, connections and credentials."""
        return tuple(fact for fact in self.facts if is_about_connector(fact))

    def of(self, *codes: Code) -> tuple[Fact, ...]:
        """Return the facts of these codes, in order."""
        return tuple(fact for fact in self.facts if fact.code in codes)


def is_about_connector(fact: Fact) -> bool:
    """Say whether a fact is about a connector as such; a credential that was exchanged is a permission."""
    return fact.connector is not None and fact.code is not Code.CREDENTIAL_CHANGED
