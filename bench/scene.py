"""Workspaces to measure on."""

from __future__ import annotations

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from store.domain import events as ev
from store.integrity.signer import KeyFileSigner
from store.services.acting import statement_of
from store.services.context import SYSTEM, Actor, Context
from store.workspace import Workspace, create

BATCH = 10_000


def workspace(folder: Path) -> tuple[Workspace, Actor]:
    """Make an empty workspace and return it with its admin."""
    folder.mkdir(parents=True)
    path = folder / "ana"
    key = Ed25519PrivateKey.generate()
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()))
    path.chmod(0o600)
    signer = KeyFileSigner(path)
    return create(folder / "ws", signer=signer, handle="ana"), Actor(handle="ana", signer=signer)


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


def fill(context: Context, entries: int) -> None:
    """Append entries in groups until the ledger holds `entries`; one in fifty is a deployment."""
    size = context.ledger.head().size
    while size < entries:
        count = min(BATCH, entries - size)
        with context.ledger.writing() as writer:
            for number in range(size, size + count):
                event = deployed(number) if number % 50 == 0 else observed(context, number)
                writer.append(statement_of(context, event, SYSTEM))
        size += count
