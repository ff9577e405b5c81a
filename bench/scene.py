"""Workspaces to measure on."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from store import archive
from store.clock import Clock
from store.domain import events as ev
from store.domain.component import ComponentRef
from store.domain.release import Release, ReleaseFile
from store.integrity.signer import KeyFileSigner
from store.platforms import recognise
from store.services.acting import statement_of
from store.services.context import SYSTEM, Actor, Context
from store.services.releases import ref_of
from store.workspace import Workspace, create

BATCH = 10_000


def workspace(folder: Path, clock: Clock | None = None) -> tuple[Workspace, Actor]:
    """Make an empty workspace and return it with its admin."""
    folder.mkdir(parents=True)
    path = folder / "ana"
    key = Ed25519PrivateKey.generate()
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()))
    path.chmod(0o600)
    signer = KeyFileSigner(path)
    return create(folder / "ws", signer=signer, handle="ana", clock=clock), Actor(handle="ana", signer=signer)


def observed(context: Context, number: int) -> ev.ArtifactIngested:
    """Return a typical entry: an ingested export, about 600 bytes."""
    del context
    digest = f"{number:064x}"
    return ev.ArtifactIngested(
        artifact=digest,
        project=f"project-{number % 40}",
        environment=("dev", "staging", "prod")[number % 3],
        name="flows.json",
        platform="node-red",
        confidence=95,
        bytes=60_000,
        manifest=digest,
        components=12,
        connectors=f"{number % 40:064x}",  # every ingest names its list; it seldom changes
    )


def deployed(number: int) -> ev.DeploymentVerified:
    """Return the entry of a deployment, for questions about the past."""
    digest = f"{number:064x}"
    return ev.DeploymentVerified(
        deployment=f"DEP-{number:04d}",
        project=f"project-{number % 40}",
        environment=("dev", "staging", "prod")[number % 3],
        target=ev.ReleaseRef(release=digest, manifest=digest, files=1, components=12),
        revision=digest,
    )


def usual(context: Context, number: int) -> ev.Event:
    """Return one of many entries: exports, and one in fifty the end of a deployment."""
    return deployed(number) if number % 50 == 0 else observed(context, number)


class Story:
    """Entries of a year in which things really stood somewhere: deployments of two releases by turns, and drifts."""

    def __init__(self, context: Context) -> None:
        """Archive the releases."""
        self._releases = []
        with context.ledger.writing() as writer:
            for message in ("good morning", "good evening"):
                data = json.dumps(
                    [{"id": "t1", "type": "tab", "label": "Greet"},
                     {"id": "n1", "type": "function", "z": "t1", "name": "say", "func": message, "wires": [[]]}]
                ).encode()  # fmt: skip
                parts = recognise(data, "flows.json").components
                artifact = archive.put(writer.connection, data)
                manifest = archive.put_manifest(writer.connection, parts)
                file = ReleaseFile(name="flows.json", artifact=artifact, manifest=manifest, platform="node-red")
                named = (
                    ComponentRef(id=part.id, name=part.name, kind=part.kind, digest=part.digest, artifact=artifact)
                    for part in parts
                )
                release = Release(files=(file,), components=tuple(named))
                archive.put(writer.connection, release.to_bytes())
                self._releases.append(ref_of(release))

    def __call__(self, context: Context, number: int) -> ev.Event:
        turn, place = number // 100, (f"project-{number // 100 % 40}", ("dev", "staging", "prod")[number // 100 % 3])
        where = {"project": place[0], "environment": place[1]}
        target = self._releases[turn // 120 % 2]
        match number % 100:
            case 0:
                return ev.RevertStarted(  # the one push that nobody signs
                    deployment=f"DEP-{turn:04d}", target=target, expected="0", cause="drift", reason="enforced",
                    attempt=1, **where,
                )  # fmt: skip
            case 1:
                return ev.DeploymentVerified(deployment=f"DEP-{turn:04d}", target=target, revision="0", **where)
            case 50 if turn % 5 == 0:
                return ev.DriftOpened(
                    drift=f"DR-{turn:04d}", component="t1", name="Greet", component_kind="tab", summary="say changed",
                    export="flows.json", observed_artifact="0" * 64, **where,
                )  # fmt: skip
            case 60 if turn % 5 == 0 and turn % 50:
                return ev.DriftResolved(drift=f"DR-{turn:04d}", component="t1", how="reverted", **where)
            case _:
                return observed(context, number)


class StepClock:
    """Half a minute later at every look, up to now: a million entries make a year."""

    def __init__(self, entries: int) -> None:
        self._now = datetime.now(UTC) - timedelta(seconds=30 * entries)

    def now(self) -> datetime:
        self._now += timedelta(seconds=30)
        return self._now


def long(folder: Path, entries: int) -> Path:
    """Return the workspace with a ledger of so many entries, made at the first call of a run."""
    if not folder.exists():
        space, _ = workspace(folder, StepClock(entries + 1_000))
        fill(space.context, entries, Story(space.context))
        space.close()
    return folder / "ws"


def fill(context: Context, entries: int, tell: Callable[[Context, int], ev.Event] = usual) -> None:
    """Append entries in groups until the ledger holds `entries`."""
    size = context.ledger.head().size
    while size < entries:
        count = min(BATCH, entries - size)
        with context.ledger.writing() as writer:
            for number in range(size, size + count):
                writer.append(statement_of(context, tell(context, number), SYSTEM))
        size += count
