"""`init` and `demo`: new workspaces."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from console.cli.log_key import asked_passphrase
from console.cli.output import emit_json, note, say
from console.cli.session import Session, command
from store.errors import BadInput
from store.workspace import create


@command(name="init")
@click.argument("folder", type=click.Path(path_type=Path), default=".")
@click.option("--name", "handle", help="Your handle: a pseudonym, because entries are never erased.")
@click.option("--origin", help="The ledger's name in the world: a schema-less URL (example.com/ledger).")
@click.option("--log-key-passphrase", "protected", is_flag=True, help="Protect the key that signs checkpoints.")
def init(session: Session, folder: Path, handle: str | None, origin: str | None, *, protected: bool) -> None:
    """Make a new workspace; you become its first admin."""
    signer = session.signer()
    if handle is None:
        if session.options.json or not sys.stdin.isatty():
            raise BadInput("name yourself: --name HANDLE")
        handle = str(click.prompt("Your handle (a pseudonym: entries are never erased)", err=True))
    passphrase = asked_passphrase(session) if protected else b""
    workspace = create(folder, signer=signer, handle=handle, origin=origin, log_passphrase=passphrase)
    try:
        head = workspace.ledger.head()
        facts = {
            "workspace": str(workspace.root),
            "origin": workspace.ledger.origin,
            "admin": handle,
            "key": signer.public.fingerprint,
            "entries": head.size,
        }
        if session.options.json:
            emit_json(facts)
            return
        say(f"{workspace.root} is a workspace now: ledger {workspace.ledger.origin}")
        say(f"{handle} ({signer.public.fingerprint}) is its admin")
        note("next: quarterdeck principal add, quarterdeck environment add; drop exports into inbox/ENV/PROJECT/")
    finally:
        workspace.close()


@command(name="demo")
@click.argument("folder", type=click.Path(path_type=Path), default="demo")
@click.option("--headless", is_flag=True, help="Only make the workspace; do not open the console.")
def demo(session: Session, folder: Path, *, headless: bool) -> None:
    """Fill a workspace with sample projects and some weeks of history, then open the console on it."""
    from store import config
    from store.demo import build

    if folder.exists() and not folder.is_dir():
        raise BadInput(f"{folder} is a file: name a folder, or one that does not exist yet")
    if (folder / config.FILE_NAME).exists():
        note(f"{folder} is a workspace already: it is opened as it is")
        facts = build.described(folder)
    else:
        facts = build.make(folder, progress=note)
    if session.options.json:
        emit_json(facts)
    elif headless:
        say(f"{folder}: {facts['entries']} entries, key {facts['key']}")
    if headless:
        return
    from console.cli.open_console import open_console

    session.options.workspace = folder
    session.options.key = Path(str(facts["key"]))
    open_console(session, mouse=True, read_only=False)
