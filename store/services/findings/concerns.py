"""Findings and anomalies as one list, and one of them in depth with what can be done about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from store.domain.approving import SEPARATION
from store.domain.roles import is_before
from store.errors import NotFound
from store.integrity.entry import Entry
from store.projections import anomalies, findings, incidents
from store.projections.anomalies import AnomalyRow
from store.projections.findings import FindingRow, FindingStep
from store.projections.incidents import NoteRow
from store.services import rights
from store.services.context import Context
from store.services.findings import handling
from store.services.identity.people import principals

_MOST = 2_000
ACTS = ("assign a finding", "close a finding", "acknowledge an anomaly", "annotate")


@dataclass(frozen=True, kw_only=True)
class Concerns:
    """Everything that is or was not as it should be, and what can be done about the one looked at."""

    findings: tuple[FindingRow, ...]
    anomalies: tuple[AnomalyRow, ...]
    overdue: frozenset[str]
    """Ids of the findings that should have been closed by now."""
    chosen: Concern | None
    blocked: tuple[str, ...]
    """Why the caller may not open a finding about everything; empty when they may."""
    people: tuple[str, ...]
    """Everybody whom a finding can be handed to."""


@dataclass(frozen=True, kw_only=True)
class Concern:
    """One finding or one anomaly with its story."""

    id: str
    finding: FindingRow | None
    anomaly: AnomalyRow | None
    story: tuple[FindingStep, ...]
    notes: tuple[NoteRow, ...]
    about: Entry | None
    """An anomaly: the entry that is unusual."""
    blocked: Mapping[str, tuple[str, ...]]
    """Act of `ACTS` → why the caller may not do it, then `→` what would unblock it; empty when they may."""

    @property
    def subject(self) -> str:
        """The id (or `#entry`, or a word) that it is about; empty for nothing in particular."""
        if self.finding is not None:
            return self.finding.about
        return f"#{self.anomaly.about}" if self.anomaly is not None else ""

    @property
    def seq(self) -> int:
        """The entry that it began with."""
        if self.finding is not None:
            return self.finding.opened_seq
        return self.anomaly.seq if self.anomaly is not None else 0


def concerns(context: Context, handle: str | None, wanted: str | None) -> Concerns:
    """Return every finding and the newest anomalies, with `wanted` in depth where it is among them."""
    at, people = context.now, principals(context.ledger)
    with context.ledger.reading() as connection:
        found = findings.listing(connection)
        unusual = anomalies.listing(connection, limit=_MOST)
    known = {row.id for row in found} | {row.id for row in unusual}
    return Concerns(
        findings=found,
        anomalies=unusual,
        overdue=frozenset(row.id for row in found if row.state == "open" and not is_before(at, row.due)),
        chosen=concern(context, handle, wanted) if wanted in known and wanted is not None else None,
        blocked=rights.against(context, people, handle, "open a finding", project="*", environment="*"),
        people=tuple(sorted(people.by_handle)),
    )


def concern(context: Context, handle: str | None, name: str) -> Concern:
    """Return one finding or anomaly in depth. Raises NotFound."""
    with context.ledger.reading() as connection:
        finding = findings.one(connection, name)
        anomaly = anomalies.one(connection, name) if finding is None else None
        story = findings.story(connection, name)
        notes = incidents.notes(connection, name)
    if finding is None and anomaly is None:
        raise NotFound(f"there is no finding and no anomaly {name[:40]!a}")
    entry = None
    if anomaly is not None:
        entry = next(iter(context.ledger.entries(after=anomaly.about - 1, until=anomaly.about)), None)
    return Concern(
        id=name,
        finding=finding,
        anomaly=anomaly,
        story=story,
        notes=notes,
        about=entry,
        blocked=_blocked(context, handle, finding, anomaly),
    )


def _blocked(
    context: Context, handle: str | None, finding: FindingRow | None, anomaly: AnomalyRow | None
) -> dict[str, tuple[str, ...]]:
    people = principals(context.ledger)
    row = finding if finding is not None else anomaly
    place = {"project": (row and row.project) or "*", "environment": (row and row.environment) or "*"}
    found = {act: rights.against(context, people, handle, act, **place) for act in ACTS}
    if anomaly is not None:
        found["acknowledge an anomaly"] = found["acknowledge an anomaly"] or _looked(anomaly, handle)
    elif handle is not None and finding is not None:
        found["close a finding"] = _unclosable(context, handle, finding.id)
        if handle == finding.assignee:
            found["annotate"] = ()
    return found


def _looked(row: AnomalyRow, handle: str | None) -> tuple[str, ...]:
    if row.state != "open":
        return (f"{row.acknowledged_by} acknowledged {row.id} already",)
    if row.principal == handle:
        return (f"{SEPARATION}: {row.id} is about an act of {handle}", "→ somebody else looks at it")
    return ()


def _unclosable(context: Context, handle: str, name: str) -> tuple[str, ...]:
    """Return why the caller may not close a finding: the rule itself is asked."""
    try:
        return rights.refused(lambda: handling.closable(context, handle, name))
    except NotFound as error:
        return (str(error),)
