"""The vocabulary of the ledger: every kind of entry, in one visible table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from store.domain.component import Json
from store.domain.events.anomalies import AnomalyAcknowledged, AnomalyNoticed, Measure
from store.domain.events.attempts import AttemptRefused
from store.domain.events.base import Event, Unknown, from_parts, to_parts
from store.domain.events.comments import CommentResolved, RequestCommented
from store.domain.events.connectors import ConnectorsReviewed, ModulesObserved
from store.domain.events.deployments import (
    DeploymentFailed,
    DeploymentStarted,
    DeploymentUndone,
    DeploymentVerified,
    DriftAcknowledged,
    DriftAdopted,
    DriftChanged,
    DriftOpened,
    DriftReopened,
    DriftResolved,
    EnforcementHalted,
    QuarantineLifted,
    ReleaseQuarantined,
    RevertStarted,
    RollbackStarted,
)
from store.domain.events.exports import (
    ArtifactIngested,
    ArtifactRefused,
    ArtifactShredded,
    ArtifactUnsealed,
    ConfigurationObserved,
    EnvironmentAdded,
    EnvironmentEdited,
    EnvironmentFrozen,
    EnvironmentThawed,
    HistoryImported,
    Imported,
    ImportedDeletion,
    NoticeRecord,
)
from store.domain.events.findings import (
    DutyDueSoon,
    DutyOverdue,
    FindingAssigned,
    FindingClosed,
    FindingNoted,
    FindingOpened,
    FindingOverdue,
    FindingRaised,
)
from store.domain.events.gating import (
    EnvironmentSpecified,
    ExceptionEnded,
    ExceptionGranted,
    ReportAdded,
    ReportCounts,
)
from store.domain.events.glass import (
    GlassBroken,
    GlassEnded,
    GlassReviewed,
)
from store.domain.events.incidents import (
    EntryAnnotated,
    IncidentClosed,
    IncidentNoted,
    IncidentOpened,
    PinnedState,
    PlaybookStarted,
    PlaybookTicked,
)
from store.domain.events.people import (
    ClockCorrected,
    GivenUp,
    Grant,
    KeyAdded,
    KeyRevoked,
    LedgerOpened,
    LedgerRestored,
    LogKeyRotated,
    PrincipalAdded,
    PrincipalReinstated,
    PrincipalSuspended,
    RoleGranted,
    RoleRevoked,
    SecondLogKeySet,
)
from store.domain.events.policies import (
    OwnersWanted,
    PolicyAdopted,
    PolicyFile,
    PolicyProposed,
    PolicyReviewed,
    RiskAssessed,
    RiskPoint,
)
from store.domain.events.rehearsals import (
    RehearsalReturning,
    RehearsalStarted,
    RollbackRehearsed,
)
from store.domain.events.requests import (
    ApprovalGranted,
    ApprovalRefused,
    ChecklistTicked,
    GateEvaluated,
    ReleaseRef,
    RequestContent,
    RequestEdited,
    RequestEscalated,
    RequestFile,
    RequestOpened,
    RequestSubmitted,
    RequestWithdrawn,
)
from store.domain.events.testdata import DataRecorded

EVENTS: Final[Mapping[str, type[Event]]] = {
    event.KIND: event
    for event in (
        LedgerOpened,
        LedgerRestored,
        ClockCorrected,
        LogKeyRotated,
        SecondLogKeySet,
        PrincipalAdded,
        RoleGranted,
        RoleRevoked,
        KeyAdded,
        KeyRevoked,
        PrincipalSuspended,
        PrincipalReinstated,
        PolicyProposed,
        PolicyAdopted,
        RiskAssessed,
        DataRecorded,
        EnvironmentAdded,
        EnvironmentEdited,
        EnvironmentFrozen,
        EnvironmentThawed,
        ArtifactIngested,
        ArtifactRefused,
        ImportedDeletion,
        HistoryImported,
        ArtifactUnsealed,
        ArtifactShredded,
        ConfigurationObserved,
        RequestOpened,
        RequestEdited,
        RequestSubmitted,
        RequestWithdrawn,
        RequestEscalated,
        GateEvaluated,
        ApprovalGranted,
        ApprovalRefused,
        DeploymentStarted,
        RollbackStarted,
        RevertStarted,
        RehearsalStarted,
        RehearsalReturning,
        RollbackRehearsed,
        EnforcementHalted,
        DeploymentVerified,
        DeploymentFailed,
        DeploymentUndone,
        ReleaseQuarantined,
        QuarantineLifted,
        DriftOpened,
        DriftChanged,
        DriftAcknowledged,
        DriftAdopted,
        DriftResolved,
        DriftReopened,
        IncidentOpened,
        IncidentNoted,
        IncidentClosed,
        EntryAnnotated,
        ConnectorsReviewed,
        ModulesObserved,
        ChecklistTicked,
        RequestCommented,
        CommentResolved,
        PlaybookStarted,
        PlaybookTicked,
        GlassBroken,
        GlassEnded,
        GlassReviewed,
        ReportAdded,
        ExceptionGranted,
        ExceptionEnded,
        EnvironmentSpecified,
        PolicyReviewed,
        FindingOpened,
        FindingRaised,
        FindingAssigned,
        FindingNoted,
        FindingClosed,
        FindingOverdue,
        DutyDueSoon,
        DutyOverdue,
        AnomalyNoticed,
        AnomalyAcknowledged,
        AttemptRefused,
    )
}


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


__all__ = [
    "EVENTS",
    "AnomalyAcknowledged",
    "AnomalyNoticed",
    "ApprovalGranted",
    "ApprovalRefused",
    "ArtifactIngested",
    "ArtifactRefused",
    "ArtifactShredded",
    "ArtifactUnsealed",
    "AttemptRefused",
    "ChecklistTicked",
    "ClockCorrected",
    "CommentResolved",
    "ConfigurationObserved",
    "ConnectorsReviewed",
    "DataRecorded",
    "DeploymentFailed",
    "DeploymentStarted",
    "DeploymentUndone",
    "DeploymentVerified",
    "DriftAcknowledged",
    "DriftAdopted",
    "DriftChanged",
    "DriftOpened",
    "DriftReopened",
    "DriftResolved",
    "DutyDueSoon",
    "DutyOverdue",
    "EnforcementHalted",
    "EntryAnnotated",
    "EnvironmentAdded",
    "EnvironmentEdited",
    "EnvironmentFrozen",
    "EnvironmentSpecified",
    "EnvironmentThawed",
    "Event",
    "ExceptionEnded",
    "ExceptionGranted",
    "FindingAssigned",
    "FindingClosed",
    "FindingNoted",
    "FindingOpened",
    "FindingOverdue",
    "FindingRaised",
    "GateEvaluated",
    "GivenUp",
    "GlassBroken",
    "GlassEnded",
    "GlassReviewed",
    "Grant",
    "HistoryImported",
    "Imported",
    "ImportedDeletion",
    "IncidentClosed",
    "IncidentNoted",
    "IncidentOpened",
    "KeyAdded",
    "KeyRevoked",
    "LedgerOpened",
    "LedgerRestored",
    "LogKeyRotated",
    "Measure",
    "ModulesObserved",
    "NoticeRecord",
    "OwnersWanted",
    "PinnedState",
    "PlaybookStarted",
    "PlaybookTicked",
    "PolicyAdopted",
    "PolicyFile",
    "PolicyProposed",
    "PolicyReviewed",
    "PrincipalAdded",
    "PrincipalReinstated",
    "PrincipalSuspended",
    "QuarantineLifted",
    "Recorded",
    "RehearsalReturning",
    "RehearsalStarted",
    "ReleaseQuarantined",
    "ReleaseRef",
    "ReportAdded",
    "ReportCounts",
    "RequestCommented",
    "RequestContent",
    "RequestEdited",
    "RequestEscalated",
    "RequestFile",
    "RequestOpened",
    "RequestSubmitted",
    "RequestWithdrawn",
    "RevertStarted",
    "RiskAssessed",
    "RiskPoint",
    "RoleGranted",
    "RoleRevoked",
    "RollbackRehearsed",
    "RollbackStarted",
    "SecondLogKeySet",
    "Unknown",
    "decode",
    "to_parts",
]
