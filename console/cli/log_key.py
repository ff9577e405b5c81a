"""`log-key`: the key that signs the ledger's checkpoints."""

from __future__ import annotations

import sys

import click

from console.cli.output import complain, emit_json, note, say, table
from console.cli.session import Session, command, group
from store.errors import BadInput
from store.services.identity import log_key as log_keys
from store.services.identity import log_key_file, second_key


@group(name="log-key")
def log_key() -> None:
    """Show or rotate the key that signs checkpoints."""


@command(log_key, name="show")
def log_key_show(session: Session) -> None:
    """List every key of the log and from which size on it signs."""
    keys = session.context.ledger.keys
    since = [1, *(seq + 1 for seq, _ in keys.rotations)]
    until = [*(seq for seq, _ in keys.rotations), None]
    found = [
        {"key": key.vkey, "from_size": first, "to_size": last}
        for key, first, last in zip(keys.all, since, until, strict=True)
    ]
    found += [{"key": key.vkey, "from_size": since, "to_size": until} for since, key, until in keys.second_periods]
    if session.options.json:
        emit_json(found)
    else:
        rows = [(_short(str(one["key"])), one["from_size"], one["to_size"]) for one in found]
        table(rows, head=("key", "from size", "to size"))


@command(log_key, name="rotate")
@click.option("--reason", required=True, help="Why: kept in the entry.")
@click.option("--log-key-passphrase", "protected", is_flag=True, help="Protect the new key with a passphrase.")
def log_key_rotate(session: Session, reason: str, *, protected: bool) -> None:
    """Hand the ledger over to a new key; earlier checkpoints stay good under the old one.

    The new key gets the old one's passphrase, if that had one.
    """
    context = session.context
    passphrase = asked_passphrase(session) if protected else session.log_passphrase
    done = log_keys.rotate(context, session.actor(), reason=reason, passphrase=passphrase)
    if done.trouble:
        complain(f"the rotation is recorded, but {done.trouble}")
    if session.options.json:
        emit_json({"entry": done.entry.seq, "log_key": done.vkey, "file": str(done.file)})
        return
    say(f"checkpoints after entry {done.entry.seq} are signed by {done.vkey}")
    note(f"its private key is {done.file}; tell witnesses and auditors the new key: the checkpoint over entry")
    note(f"{done.entry.seq} is signed by both. Lock the old private key away once your backups hold that entry.")


@command(log_key, name="second")
@click.option("--reason", required=True, help="Why: kept in the entry.")
@click.option("--drop", is_flag=True, help="Give the second key up instead.")
@click.option("--log-key-passphrase", "protected", is_flag=True, help="Protect the new key with a passphrase.")
def log_key_second(session: Session, reason: str, *, drop: bool, protected: bool) -> None:
    """Sign checkpoints with an ML-DSA-44 key as well, which a quantum computer does not break.

    From then on no checkpoint counts without both signatures. Again: another second key takes over. The key gets
    the passphrase of the first one, if that had one.
    """
    context = session.context
    if drop:
        done = second_key.drop_second(context, session.actor(), reason=reason)
    else:
        passphrase = asked_passphrase(session) if protected else session.log_passphrase
        done = second_key.set_second(context, session.actor(), reason=reason, passphrase=passphrase)
    if done.trouble:
        complain(f"the change is recorded, but {done.trouble}")
    if session.options.json:
        emit_json({"entry": done.entry.seq, "second_key": done.vkey, "file": str(done.file) if done.file else None})
    elif done.file is None:
        say(f"checkpoints after entry {done.entry.seq} count with the first key's signature alone")
    else:
        say(f"checkpoints from entry {done.entry.seq} on count only with a second signature, by {_short(done.vkey)}")
        note(f"its private key is {done.file}: without it nothing can be recorded; keep a copy with the first one's")


def _short(vkey: str) -> str:
    """Return a verifier key as a line can show it: an ML-DSA-44 one has 1,800 characters (--json shows all)."""
    name, key_id, key = vkey.split("+", 2)
    return vkey if len(key) < 100 else f"{name}+{key_id} (ML-DSA-44)"


def asked_passphrase(session: Session) -> bytes:
    """Return a new passphrase: from the environment, else asked for twice.

    Raises:
        BadInput: there is neither.
    """
    found = log_key_file.from_environment()
    if found:
        return found
    if not sys.stdin.isatty() or session.options.json:
        raise BadInput(f"there is no terminal to ask for a passphrase at: set {log_key_file.VARIABLE}")
    asked: str = click.prompt("New passphrase of the log's key", hide_input=True, confirmation_prompt=True, err=True)
    return asked.encode()
