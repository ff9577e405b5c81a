"""The built-in checks of a request: run on submit and again right before a deployment, never cached."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from store import archive
from store.domain import events as ev
from store.domain import secrets
from store.domain.change import Change
from store.domain.release import Release
from store.errors import QuarterdeckError
from store.formats.archive_covering import open_kinds, secrets_in
from store.platforms import recognise
from store.projections.shape import Connection
from store.services.context import Context
from store.services.releases import load


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """What a gate says: pass or fail, why, and what would unblock it."""

    passed: bool
    reason: str
    unblock: str = ""


Gate = Callable[[Connection, Change, Release], Verdict]


def _artifact_intact(connection: Connection, change: Change, release: Release) -> Verdict:
    for file in release.files:
        archive.get(connection, file.artifact)  # re-hashes; raises when the bytes are not the digest's
    if release.digest != change.target.release:
        return Verdict(passed=False, reason="the release manifest is not the one the request names")
    return Verdict(passed=True, reason=f"{len(release.files)} files hash to their digests")


def _schema_valid(connection: Connection, change: Change, release: Release) -> Verdict:
    del change
    for file in release.files:
        parsed = recognise(archive.get(connection, file.artifact), file.name)
        if parsed.platform != file.platform:
            return Verdict(
                passed=False,
                reason=f"{file.name} was ingested as {file.platform} and now reads as {parsed.platform}",
                unblock="drop the export again and edit the request",
            )
    kinds = ", ".join(sorted({file.platform for file in release.files}))
    return Verdict(passed=True, reason=f"every file reads as {kinds}")


def _secrets_clean(connection: Connection, change: Change, release: Release) -> Verdict:
    del change
    found, sealed = [], True
    for file in release.files:
        data = archive.get(connection, file.artifact)
        kinds = secrets_in(data)
        if kinds:
            found.append(f"{file.name}: {', '.join(kinds)}")
            sealed = sealed and not open_kinds(data)
    if found:
        how = "not leaked (sealed here), but still inline" if sealed else "in the open"
        return Verdict(
            passed=False,
            reason=f"likely secrets, {how}, in {'; '.join(found[:5])}",
            unblock="move the secret into the platform's credentials and export again",
        )
    return Verdict(passed=True, reason="no secrets found")


GATES: Final[Mapping[str, Gate]] = {
    "artifact-intact": _artifact_intact,
    "schema-valid": _schema_valid,
    "secrets-clean": _secrets_clean,
}


def run(context: Context, change: Change, *, phase: str) -> tuple[ev.GateEvaluated, ...]:
    """Run every gate on the request as it stands; a gate that breaks has failed, with the reason."""
    with context.ledger.reading() as connection:
        verdicts = _verdicts(connection, change)
    return tuple(
        ev.GateEvaluated(
            request=change.id,
            project=change.project,
            environment=change.environment,
            gate=name,
            passed=verdict.passed,
            reason=verdict.reason,
            digest=change.digest,
            phase=phase,
            unblock=verdict.unblock,
        )
        for name, verdict in verdicts.items()
    )


def _verdicts(connection: Connection, change: Change) -> dict[str, Verdict]:
    try:
        release = load(connection, change.target.manifest)
    except QuarterdeckError as error:  # nothing can be said of what cannot be read
        return dict.fromkeys(GATES, Verdict(passed=False, reason=str(error)))
    return {name: _guarded(gate, connection, change, release) for name, gate in GATES.items()}


def _guarded(gate: Gate, connection: Connection, change: Change, release: Release) -> Verdict:
    try:
        return gate(connection, change, release)
    except QuarterdeckError as error:
        return Verdict(passed=False, reason=str(error))
    except Exception as error:  # noqa: BLE001 - whatever breaks inside a gate, the gate has not passed
        return Verdict(passed=False, reason=secrets.redact(f"the gate broke: {type(error).__name__}: {error}")[:500])
