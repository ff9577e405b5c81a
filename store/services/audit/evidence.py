"""Evidence in open formats: checkpoints, inclusion proofs, signed statements, the list of who may sign."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from store.errors import BadInput, NotFound, StorageFailure
from store.intake.guard import read_named
from store.integrity import sshsig
from store.integrity.checkpoint import Checkpoint
from store.integrity.merkle import inclusion_proof
from store.integrity.proof import Proof, Proven, parse_proof, verify_proof, write_proof
from store.services.context import Context
from store.services.identity.people import principals
from store.services.witness import cosigning


@dataclass(frozen=True, kw_only=True, slots=True)
class ExportedStatement:
    """A signed statement on its way to `ssh-keygen -Y verify`."""

    statement: Path
    signature: Path | None
    """None for an observation of quarterdeck's own, which nobody signed."""
    body: Path
    actor: str


def checkpoint(context: Context) -> bytes:
    """Return the newest signed checkpoint note."""
    return context.ledger.checkpoint()


def open_kept_checkpoint(context: Context, path: Path) -> Checkpoint:
    """Return the checkpoint in a file, if this ledger's key signed it.

    Raises:
        BadInput: the file is no checkpoint.
        IntegrityFailure: the signature is wrong or not this log's.
    """
    return context.ledger.keys.open(read_named(path, limit=1_048_576))


def prove(context: Context, seq: int, *, cosigned: bool = False) -> bytes:
    """Return the `.tlog-proof` file that shows entry `seq` to be in the log (C2SP tlog-proof).

    With `cosigned` it leads to the newest checkpoint that the quorum of witnesses has cosigned.

    Raises:
        NotFound: there is no such entry, or not in such a checkpoint.
    """
    context.ledger.entry(seq)
    note = cosigning.cosigned_note(context) if cosigned else context.ledger.checkpoint()
    size = context.ledger.keys.open(note).size
    if seq > size:
        what = "that witnesses cosigned " if cosigned else ""
        raise NotFound(f"entry {seq} is newer than the newest checkpoint {what}({size} entries)")
    with context.ledger.tree() as nodes:
        hashes = inclusion_proof(seq - 1, size, nodes.get)
    return write_proof(Proof(index=seq - 1, hashes=tuple(hashes), checkpoint=note))


def check_proof(context: Context, proof: Path, body: Path) -> Proven:
    """Check a `.tlog-proof` file against the exact entry body in another file.

    Raises:
        BadInput: one of the files is not what it should be.
        IntegrityFailure: the proof does not hold.
    """
    parsed = parse_proof(read_named(proof, limit=2_000_000))
    log = context.ledger.keys.for_note(parsed.checkpoint)
    witnesses = cosigning.verifiers(context)
    return verify_proof(parsed, read_named(body, limit=1_048_576), log=log, witnesses=witnesses)


def export_statement(context: Context, seq: int, folder: Path) -> ExportedStatement:
    """Write `statement.json` (what was said) and `entry.json` (the exact body) of an entry into `folder`.

    For an act of a person also `statement.json.sig`: their armored SSHSIG over statement.json.

    Raises:
        NotFound: there is no such entry.
    """
    entry = context.ledger.entry(seq)
    statement, body = folder / "statement.json", folder / "entry.json"
    signature = folder / "statement.json.sig"
    write_file(statement, entry.statement.bytes())
    write_file(body, entry.body)
    if entry.signature is not None:
        write_file(signature, sshsig.armor(entry.signature).encode())
    else:
        signature.unlink(missing_ok=True)  # of an earlier export: it would not fit this statement
    return ExportedStatement(
        statement=statement,
        signature=signature if entry.signature is not None else None,
        body=body,
        actor=entry.statement.actor,
    )


def signers(context: Context) -> str:
    """Return an OpenSSH allowed_signers file of every key that was ever enrolled.

    A key revoked since carries `valid-before` with the claimed time of the entry that revoked it; the ledger
    itself judges by sequence number, which an allowed_signers file cannot say.
    """
    lines = []
    for principal in principals(context.ledger).by_handle.values():
        for key in principal.keys:
            options = [f'namespaces="{sshsig.NAMESPACE}"']
            if key.until is not None:
                ended = context.ledger.entry(key.until - 1).statement.time
                stamp = "".join(c for c in ended[:19] if c.isdigit())
                options.append(f'valid-before="{stamp}Z"')
            lines.append(f"{principal.handle} {','.join(options)} {key.line}")
    return "\n".join(lines) + "\n"


def write_file(path: Path, data: bytes) -> None:
    """Write `data` to `path`, in a new folder where there is none.

    Raises:
        BadInput: it is a folder, or below a file.
        StorageFailure: the disk says no.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    except (IsADirectoryError, NotADirectoryError, FileExistsError) as error:
        what = "it is a folder" if path.is_dir() else f"{path.parent} is no folder"
        raise BadInput(f"{path} cannot be written: {what}; name another with --out") from error
    except OSError as error:
        raise StorageFailure(f"{path} cannot be written: {error.strerror}") from error
