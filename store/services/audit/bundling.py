"""Offline evidence: one zip that an auditor checks without quarterdeck, and attestations in in-toto's form."""

from __future__ import annotations

import io
import json
import zipfile
from base64 import b64encode
from importlib import resources
from typing import Any

from store import archive
from store.domain.release import Release
from store.errors import NotFound
from store.integrity import dsse, sshsig
from store.integrity.canonical import canonical_bytes
from store.integrity.entry import Entry
from store.integrity.merkle import inclusion_proof
from store.integrity.proof import Proof, write_proof
from store.projections import deployments, requests
from store.projections.deployments import DeploymentRow
from store.projections.shape import Connection
from store.services import retold
from store.services.audit import evidence
from store.services.context import Context
from store.services.identity.people import KINDS as PEOPLE
from store.services.releases import load
from store.services.subjects import entries_about, is_id

VERIFIER = "verify_evidence.py"
DEPLOYMENT_PREDICATE = "tag:quarterdeck.local,2026:attestation/deployment/v1"
"""Our own predicate (docs/attestation.md): in-toto has none for a deployment."""
VSA_PREDICATE = "https://slsa.dev/verification_summary/v1"
PAYLOAD = "application/vnd.in-toto+json"
_ALWAYS = (*PEOPLE, "ledger.opened", "log.second-key-set")
"""Kinds of entry that a bundle about anything needs: whose keys they are that vouch for it."""


def bundle(context: Context, subject: str | None) -> bytes:
    """Return the evidence zip about one id (CR-…, DEP-…, DR-…, INC-…, FND-…), or about every entry (None).

    It holds the entries with their proofs, statements and signatures, the entries that enrolled the keys, the
    checkpoint, the artifacts, a README and the single-file verifier.

    Raises:
        NotFound: there is no such id.
    """
    note = context.ledger.checkpoint()
    size = context.ledger.keys.open(note).size
    entries = _entries(context, subject, size)
    with io.BytesIO() as memory:
        with zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as packed:
            _write(packed, "checkpoint", note)
            _write(packed, "log.vkey", f"{context.ledger.verifier.vkey}\n".encode())
            _write(packed, "allowed_signers", evidence.signers(context).encode())
            _write(packed, VERIFIER, resources.files("store.evidence").joinpath(VERIFIER).read_bytes())
            _write(packed, "README.md", _readme(context, subject, entries, size).encode())
            for entry in entries:
                _write_entry(context, packed, entry, size, note)
            for digest, name, data in _artifacts(context, entries):
                _write(packed, f"artifacts/{digest}-{name}", data)
        return memory.getvalue()


def _entries(context: Context, subject: str | None, size: int) -> list[Entry]:
    if subject is None:
        return list(context.ledger.entries(until=size))
    chosen = {e.seq: e for e in entries_about(context.ledger, subject, until=size)} if is_id(subject) else {}
    if not chosen:
        raise NotFound(f"there is no {subject!a}")
    if subject.startswith("DEP-"):  # what vouches for it was said about its request: what it is for, and who approved
        for request in sorted({str(e.statement.on["request"]) for e in chosen.values() if "request" in e.statement.on}):
            chosen.update({e.seq: e for e in context.ledger.entries(on={"request": request}, until=size)})
    deployed = {str(e.statement.on["deployment"]) for e in chosen.values() if "deployment" in e.statement.on}
    for deployment in sorted(deployed):
        chosen.update({e.seq: e for e in context.ledger.entries(on={"deployment": deployment}, until=size)})
    chosen.update({e.seq: e for e in context.ledger.entries(kinds=_ALWAYS, until=size)})
    return [chosen[seq] for seq in sorted(chosen)]


def _write_entry(context: Context, packed: zipfile.ZipFile, entry: Entry, size: int, note: bytes) -> None:
    name = f"{entry.seq:08d}"
    _write(packed, f"entries/{name}.json", entry.body)
    with context.ledger.tree() as nodes:
        hashes = inclusion_proof(entry.seq - 1, size, nodes.get)
    proof = Proof(index=entry.seq - 1, hashes=tuple(hashes), checkpoint=note)
    _write(packed, f"proofs/{name}.tlog-proof", write_proof(proof))
    if entry.signature is not None:
        _write(packed, f"statements/{name}.json", entry.statement.bytes())
        _write(packed, f"statements/{name}.json.sig", sshsig.armor(entry.signature).encode())


def _artifacts(context: Context, entries: list[Entry]) -> list[tuple[str, str, bytes]]:
    manifests = {str(e.statement.data["manifest"]) for e in entries if e.statement.kind == "approval.granted"}
    found: dict[str, tuple[str, str, bytes]] = {}
    with context.ledger.reading() as connection:
        for manifest in sorted(manifests):
            found[manifest] = (manifest, "release-manifest.json", archive.get(connection, manifest))
            release: Release = load(connection, manifest)
            for number, file in enumerate(release.files, start=1):
                label = f"file-{number}"
                found.setdefault(file.artifact, (file.artifact, label, archive.get(connection, file.artifact)))
    return list(found.values())


def _write(packed: zipfile.ZipFile, name: str, data: bytes) -> None:
    """Write with a fixed date: the same evidence gives the same bytes."""
    info = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = 0o644 << 16
    packed.writestr(info, data)


def _readme(context: Context, subject: str | None, entries: list[Entry], size: int) -> str:
    signed = next((entry for entry in reversed(entries) if entry.signature is not None), None)
    example = f"{signed.seq:08d}" if signed else "00000002"
    actor = signed.statement.actor if signed else "NAME"
    return _README.format(
        subject=subject or "the whole ledger",
        origin=context.ledger.origin,
        last=f"{entries[-1].seq:08d}",
        count=len(entries),
        size=size,
        example=example,
        actor=actor,
    )


_README = """# Evidence: {subject}

{count} of the {size} entries of the ledger `{origin}`. Nothing here needs quarterdeck to be checked.

- `checkpoint`: what the log signed (C2SP tlog-checkpoint): origin, number of entries, Merkle root.
- `log.vkey`: the log's public key. **Compare it with one you got elsewhere**; this bundle cannot vouch for itself.
- `entries/N.json`: the exact bytes of entry N. SHA-256(0x00 || bytes) is its leaf hash (RFC 9162)
  and what entry N+1 names.
- `proofs/N.tlog-proof`: that entry N is in the signed tree (C2SP tlog-proof).
- `statements/N.json` and `.sig`: what a person signed, and their OpenSSH signature over exactly those bytes.
- `allowed_signers`: who may sign, for ssh-keygen; the entries `principal.added`, `key.added` and
  `key.revoked` are its source.
- `artifacts/DIGEST-…`: the exact bytes that were approved; the name starts with their SHA-256.

## Everything at once

In the folder where you unpacked it, the zip beside that folder, with the log's key from elsewhere in LOG_KEY:

    python3 verify_evidence.py ../BUNDLE.zip --log-key "$LOG_KEY"

For a log with a second key (ML-DSA-44) give that as well, `--second-key`; without it, what an entry names is
checked, and where the installed `cryptography` does not know that kind, "NOT CHECKED" is said.

It needs Python's standard library and the package `cryptography`. It is one file of some 500 lines: read it first.

## By hand

    ssh-keygen -Y verify -f allowed_signers -I {actor} -n quarterdeck@v1 \\
        -s statements/{example}.json.sig < statements/{example}.json
    for file in artifacts/*; do name=${{file#artifacts/}}; echo "${{name%%-*}}  $file"; done | sha256sum --check

The second says OK for each artifact. The leaf hash of an entry, which its proof leads from and entry N+1 names:

    (printf '\\0'; cat entries/{last}.json) | sha256sum

A key that was revoked since is good until then: `allowed_signers` says `valid-before`, and ssh-keygen has to be told
when the statement says it was made (its `time`): add `-O verify-time=YYYYMMDDHHMMSSZ`.

## What this does not show

That what a statement says is true; that nothing else happened (a bundle about one subject leaves other entries out);
and, unless you kept an older checkpoint or a witness did, that the log never showed anybody another history.
"""


def attestation(context: Context, deployment: str, *, summary: bool = False) -> dict[str, Any]:
    """Return an in-toto Statement v1 about a deployment in a DSSE envelope, signed by the log's key.

    The predicate is our own, or with `summary` SLSA's verification summary (VSA v1) about its gates and approvals.

    Raises:
        NotFound: there is no such deployment.
    """
    with retold.of_deployment(context, deployment) as told, context.ledger.reading() as connection:
        row = deployments.one(told, deployment)
        if row is None:
            raise NotFound(f"there is no deployment {deployment!a}")
        release = load(connection, row.manifest)
        predicate = _summary_of(context, row) if summary else _deployment_of(context, told, row)
    statement = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": file.name, "digest": {"sha256": file.artifact}} for file in release.files],
        "predicateType": VSA_PREDICATE if summary else DEPLOYMENT_PREDICATE,
        "predicate": predicate,
    }
    return dsse.sealed(
        PAYLOAD,
        canonical_bytes(statement),
        key_id=context.config.ledger.log_key.split("+")[1],
        sign=context.ledger.signer.sign_envelope,
    )


def _summary_of(context: Context, row: DeploymentRow) -> dict[str, Any]:
    return {
        "verifier": {"id": f"quarterdeck:{context.ledger.origin}"},
        "timeVerified": row.ended_at or row.started_at,
        "resourceUri": f"quarterdeck:{context.ledger.origin}/{row.environment}/{row.project}",
        "policy": _policy_of(context, row.started_seq),
        "verificationResult": "PASSED" if row.state == "verified" else "FAILED",
        "verifiedLevels": ["QUARTERDECK_GATES_AND_APPROVALS"],
    }


def _deployment_of(context: Context, connection: Connection, row: DeploymentRow) -> dict[str, Any]:
    decisions = requests.decisions(connection, row.request) if row.request else ()
    gates = requests.gates(connection, row.request) if row.request else ()
    head = context.ledger.head()
    return {
        "deployment": row.id,
        "cause": row.cause,
        "request": row.request,
        "environment": row.environment,
        "project": row.project,
        "release": row.release,
        "state": row.state,
        "operator": row.actor,
        "entries": {"started": row.started_seq, "ended": row.ended_seq},
        "approvals": [{"actor": d.actor, "entry": d.seq} for d in decisions if d.decision == "approved"],
        "gates": [
            {"gate": g.gate, "passed": bool(g.passed), "entry": g.seq} | ({"waived": g.waived} if g.waived else {})
            for g in gates
        ],
        "log": {"origin": context.ledger.origin, "size": head.size, "root": b64encode(head.root).decode()},
    }


def _policy_of(context: Context, seq: int) -> dict[str, Any]:
    """Return the policy that was in force when a deployment began, as a resource descriptor."""
    rules = context.policies.at(seq)
    uri = f"quarterdeck:{context.ledger.origin}/policy/{rules.seq}" if rules.seq else "quarterdeck:built-in"
    return {"uri": uri, "digest": {"sha256": rules.policy.digest}}


def dumps(document: object) -> str:
    """Return a document as one line of JSON (a `.intoto.jsonl` holds one a line)."""
    return json.dumps(document, separators=(",", ":"), sort_keys=True)


__all__ = ["DEPLOYMENT_PREDICATE", "VSA_PREDICATE", "attestation", "bundle", "dumps"]
