"""The vocabulary of the ledger: every kind of entry, in one visible table.

A module of it is imported when one of its classes is first named: there are a hundred of them, and no screen and
no command needs more than a few.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Final

from store.domain.events.base import Event as Event
from store.domain.events.base import Unknown as Unknown
from store.domain.events.base import from_parts
from store.domain.events.base import to_parts as to_parts
from store.domain.kinds import SYSTEM as SYSTEM
from store.integrity.canonical import Json

if TYPE_CHECKING:  # each with all that it holds: a class is named once, in the table below
    from store.domain.events.anomalies import *
    from store.domain.events.attempts import *
    from store.domain.events.comments import *
    from store.domain.events.connectors import *
    from store.domain.events.deployments import *
    from store.domain.events.exports import *
    from store.domain.events.findings import *
    from store.domain.events.gating import *
    from store.domain.events.glass import *
    from store.domain.events.incidents import *
    from store.domain.events.people import *
    from store.domain.events.policies import *
    from store.domain.events.rehearsals import *
    from store.domain.events.requests import *
    from store.domain.events.testdata import *

_KINDS: Final[Mapping[str, str]] = {
    "ledger.opened": "people.LedgerOpened",
    "ledger.restored": "people.LedgerRestored",
    "clock.corrected": "people.ClockCorrected",
    "log.key-rotated": "people.LogKeyRotated",
    "log.second-key-set": "people.SecondLogKeySet",
    "principal.added": "people.PrincipalAdded",
    "role.granted": "people.RoleGranted",
    "role.revoked": "people.RoleRevoked",
    "key.added": "people.KeyAdded",
    "key.revoked": "people.KeyRevoked",
    "principal.suspended": "people.PrincipalSuspended",
    "principal.reinstated": "people.PrincipalReinstated",
    "policy.proposed": "policies.PolicyProposed",
    "policy.adopted": "policies.PolicyAdopted",
    "risk.assessed": "policies.RiskAssessed",
    "testdata.recorded": "testdata.DataRecorded",
    "environment.added": "exports.EnvironmentAdded",
    "environment.edited": "exports.EnvironmentEdited",
    "environment.frozen": "exports.EnvironmentFrozen",
    "environment.thawed": "exports.EnvironmentThawed",
    "artifact.ingested": "exports.ArtifactIngested",
    "artifact.refused": "exports.ArtifactRefused",
    "artifact.deletion-imported": "exports.ImportedDeletion",
    "history.imported": "exports.HistoryImported",
    "artifact.unsealed": "exports.ArtifactUnsealed",
    "artifact.shredded": "exports.ArtifactShredded",
    "configuration.observed": "exports.ConfigurationObserved",
    "request.opened": "requests.RequestOpened",
    "request.edited": "requests.RequestEdited",
    "request.submitted": "requests.RequestSubmitted",
    "request.withdrawn": "requests.RequestWithdrawn",
    "request.escalated": "requests.RequestEscalated",
    "gate.evaluated": "requests.GateEvaluated",
    "approval.granted": "requests.ApprovalGranted",
    "approval.refused": "requests.ApprovalRefused",
    "deployment.started": "deployments.DeploymentStarted",
    "rollback.started": "deployments.RollbackStarted",
    "revert.started": "deployments.RevertStarted",
    "rehearsal.started": "rehearsals.RehearsalStarted",
    "rehearsal.returning": "rehearsals.RehearsalReturning",
    "rollback.rehearsed": "rehearsals.RollbackRehearsed",
    "enforcement.halted": "deployments.EnforcementHalted",
    "deployment.verified": "deployments.DeploymentVerified",
    "deployment.failed": "deployments.DeploymentFailed",
    "deployment.undone": "deployments.DeploymentUndone",
    "release.quarantined": "deployments.ReleaseQuarantined",
    "release.quarantine-lifted": "deployments.QuarantineLifted",
    "drift.opened": "deployments.DriftOpened",
    "drift.changed": "deployments.DriftChanged",
    "drift.acknowledged": "deployments.DriftAcknowledged",
    "drift.adopted": "deployments.DriftAdopted",
    "drift.resolved": "deployments.DriftResolved",
    "drift.reopened": "deployments.DriftReopened",
    "incident.opened": "incidents.IncidentOpened",
    "incident.noted": "incidents.IncidentNoted",
    "incident.closed": "incidents.IncidentClosed",
    "entry.annotated": "incidents.EntryAnnotated",
    "connectors.reviewed": "connectors.ConnectorsReviewed",
    "modules.observed": "connectors.ModulesObserved",
    "checklist.ticked": "requests.ChecklistTicked",
    "request.commented": "comments.RequestCommented",
    "request.comment-resolved": "comments.CommentResolved",
    "playbook.started": "incidents.PlaybookStarted",
    "playbook.ticked": "incidents.PlaybookTicked",
    "glass.broken": "glass.GlassBroken",
    "glass.ended": "glass.GlassEnded",
    "glass.reviewed": "glass.GlassReviewed",
    "report.added": "gating.ReportAdded",
    "exception.granted": "gating.ExceptionGranted",
    "exception.ended": "gating.ExceptionEnded",
    "environment.specified": "gating.EnvironmentSpecified",
    "policy.reviewed": "policies.PolicyReviewed",
    "finding.opened": "findings.FindingOpened",
    "finding.raised": "findings.FindingRaised",
    "finding.assigned": "findings.FindingAssigned",
    "finding.noted": "findings.FindingNoted",
    "finding.closed": "findings.FindingClosed",
    "finding.overdue": "findings.FindingOverdue",
    "duty.due-soon": "findings.DutyDueSoon",
    "duty.overdue": "findings.DutyOverdue",
    "anomaly.noticed": "anomalies.AnomalyNoticed",
    "anomaly.acknowledged": "anomalies.AnomalyAcknowledged",
    "attempt.refused": "attempts.AttemptRefused",
}
"""Kind → its class, as module.Class of this package; one line a kind."""
_PARTS: Final = (
    "people.GivenUp",
    "people.Grant",
    "exports.Imported",
    "anomalies.Measure",
    "exports.NoticeRecord",
    "policies.OwnersWanted",
    "incidents.PinnedState",
    "policies.PolicyFile",
    "requests.ReleaseRef",
    "gating.ReportCounts",
    "requests.RequestContent",
    "requests.RequestFile",
    "policies.RiskPoint",
)
"""What events are made of, where others name it too."""
_HOMES: Final[Mapping[str, str]] = {
    name: module for module, _, name in (path.partition(".") for path in (*_KINDS.values(), *_PARTS))
}


class _Vocabulary(Mapping[str, type[Event]]):
    """Kind → its class, imported when it is asked for."""

    def __init__(self) -> None:
        self._used: dict[str, type[Event]] = {}

    def __getitem__(self, kind: str) -> type[Event]:
        found = self._used.get(kind)
        if found is None:
            found = self._used[kind] = _named(_KINDS[kind].partition(".")[2])
        return found

    def __contains__(self, kind: object) -> bool:
        return kind in _KINDS

    def __iter__(self) -> Iterator[str]:
        return iter(_KINDS)

    def __len__(self) -> int:
        return len(_KINDS)


def _named(name: str) -> type[Event]:
    """Return a class of the vocabulary; from now on it is an ordinary name of this package.

    Raises:
        AttributeError: no event and no part of one is called so.
    """
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = import_module(f"{__name__}.{_HOMES[name]}")
    found: type[Event] = getattr(module, name)
    globals()[name] = found
    return found


if not TYPE_CHECKING:  # where types are checked, the imports above say what there is
    __getattr__ = _named

EVENTS: Final[Mapping[str, type[Event]]] = _Vocabulary()
"""Every kind of entry and its class."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Recorded:
    """An event with its place in the ledger: what the rules fold and the projections read."""

    seq: int
    time: str
    actor: str
    event: Event


def decode(kind: str, on: Mapping[str, Json], data: Mapping[str, Json]) -> Event:
    """Return the event a statement records; `Unknown` for a kind this version does not know.

    Raises:
        IntegrityFailure: the kind is known and its fields are not what they must be.
    """
    cls = EVENTS.get(kind)
    if cls is None:
        return Unknown(kind=kind, on={key: str(value) for key, value in on.items()}, data=dict(data))
    return from_parts(cls, on, data)
