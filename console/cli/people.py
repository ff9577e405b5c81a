"""`principal`, `role` and `key`: who may do what, with which keys."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import timedelta
from pathlib import Path

import click

from console.cli.output import emit_json, say, table
from console.cli.session import Session, command, group
from store.clock import timestamp
from store.domain.events import Grant
from store.domain.roles import parse_grant
from store.errors import BadInput, NotFound
from store.intake.guard import read_named
from store.integrity.entry import Entry
from store.integrity.sshkey import parse_public_key
from store.projections import principals as rows
from store.services.identity import keys, people


def _key_line(path: Path) -> str:
    try:
        lines = read_named(path, limit=65_536).decode("utf-8").strip().splitlines()
    except UnicodeDecodeError:
        raise BadInput(f"{path} is no public key file: it is not text") from None
    if len(lines) != 1:
        raise BadInput(f"{path} is no public key file: it should hold one line, as ssh-keygen writes it")
    return lines[0]


def _grant(text: str) -> Grant:
    grant = parse_grant(text)
    if "/" in grant.environment:
        raise BadInput(f"{text!r}: a scope is written project/environment, with one slash")
    return grant


def _held(session: Session, handle: str, text: str) -> Grant:
    """Return the grant of `handle` that `text` means, with its end where it has one."""
    wanted = parse_grant(text)
    known = people.principals(session.context.ledger).by_handle.get(handle)
    held = [one for one in known.grants if replace(one, expires=None) == wanted] if known else []
    return held[0] if held else wanted


_KEY = click.option("--public-key", "path", required=True, type=click.Path(path_type=Path), help="A .pub file.")


@group(name="principal")
def principal() -> None:
    """People and robots: add, list, suspend, reinstate."""


@command(principal, name="add")
@click.argument("handle")
@_KEY
@click.option("--role", "roles", multiple=True, help="ROLE or ROLE@PROJECT/ENV; may be given several times.")
def principal_add(session: Session, handle: str, path: Path, roles: tuple[str, ...]) -> None:
    """Enrol a person with a key and roles."""
    grants = [_grant(role) for role in roles]
    entry = people.add(session.context, session.actor(), handle, key_lines=[_key_line(path)], grants=grants)
    _done(session, f"{handle} is a principal now", entry)


@command(principal, name="list")
def principal_list(session: Session) -> None:
    """List everybody."""
    with session.context.ledger.reading() as connection:
        listed = rows.listing(connection)
    now = people.suspended(session.context)
    found = [replace(row, suspended=now.get(row.handle)) for row in listed]
    if session.options.json:
        emit_json([asdict(row) for row in found])
    else:
        head = ("handle", "roles", "keys", "suspended until", "added")
        table([(r.handle, r.roles, r.keys, r.suspended, r.added_at) for r in found], head=head)


@command(principal, name="suspend")
@click.argument("handle")
@click.option("--until", help="When it ends by itself (a time, RFC 3339).")
@click.option("--hours", type=click.IntRange(1, 8784), help="Or after so many hours.")
@click.option("--grant", help="Only this role of theirs: ROLE or ROLE@PROJECT/ENV.")
@click.option("--reason", required=True)
def principal_suspend(
    session: Session, handle: str, until: str | None, hours: int | None, grant: str | None, reason: str
) -> None:
    """Let somebody do nothing for a time; approvals they gave do not count while it lasts."""
    if (until is None) == (hours is None):
        raise BadInput("say when it ends: either --until TIME or --hours N")
    context = session.context
    end = until or timestamp(context.clock.now() + timedelta(hours=hours or 0))
    what = _held(session, handle, grant) if grant is not None else None
    entry = people.suspend(context, session.actor(), handle, until=end, reason=reason, what=what)
    who = handle if what is None else f"{handle}'s role {grant}"
    _done(session, f"{who} is suspended until {entry.statement.data['until']}", entry)


@command(principal, name="reinstate")
@click.argument("handle")
@click.option("--grant", help="Only this role of theirs: ROLE or ROLE@PROJECT/ENV.")
@click.option("--reason", required=True)
def principal_reinstate(session: Session, handle: str, grant: str | None, reason: str) -> None:
    """End a suspension before its time."""
    what = _held(session, handle, grant) if grant is not None else None
    entry = people.reinstate(session.context, session.actor(), handle, reason=reason, what=what)
    who = handle if what is None else f"{handle}'s role {grant}"
    _done(session, f"{who} is no longer suspended", entry)


@group(name="role")
def role() -> None:
    """Roles: grant, revoke."""


@command(role, name="grant")
@click.argument("handle")
@click.argument("grant")
@click.option("--until", help="When it ends by itself (a time, RFC 3339).")
def role_grant(session: Session, handle: str, grant: str, until: str | None) -> None:
    """Give a principal a role: ROLE or ROLE@PROJECT/ENV."""
    what = replace(_grant(grant), expires=until)
    entry = people.grant(session.context, session.actor(), handle, what)
    _done(session, f"{handle} is {grant} now{f', until {until}' if until else ''}", entry)


@command(role, name="revoke")
@click.argument("handle")
@click.argument("grant")
@click.option("--reason", required=True)
def role_revoke(session: Session, handle: str, grant: str, reason: str) -> None:
    """Take a role back."""
    entry = people.revoke(session.context, session.actor(), handle, _held(session, handle, grant), reason=reason)
    _done(session, f"{handle} is no longer {grant}", entry)


@group(name="key")
def key() -> None:
    """Keys: list, uses, add, revoke."""


@command(key, name="list")
@click.argument("handle", required=False)
def key_list(session: Session, handle: str | None) -> None:
    """List keys with the entries between which they count."""
    found = people.principals(session.context.ledger)
    if handle is not None and handle not in found.by_handle:
        raise NotFound(f"{handle} is not a principal of this ledger")
    keys = [
        {
            "principal": one.handle,
            "type": (public := parse_public_key(period.line)).type,
            "fingerprint": public.fingerprint,
            "since": period.since,
            "until": period.until,
        }
        for one in found.by_handle.values()
        if handle in {None, one.handle}
        for period in one.keys
    ]
    if session.options.json:
        emit_json(keys)
    else:
        table([tuple(k.values()) for k in keys], head=("principal", "type", "fingerprint", "from entry", "to entry"))


@command(key, name="uses")
@click.argument("handle", required=False)
def key_uses(session: Session, handle: str | None) -> int:
    """List every entry that your keys signed (or HANDLE's); exit 1 when one of the signatures does not count."""
    found = list(keys.uses(session.context, handle or session.actor().handle))
    if session.options.json:
        emit_json([asdict(use) for use in found])
    else:
        rows_ = [(u.seq, u.time, u.kind, u.on, u.fingerprint, u.via, u.problem) for u in found]
        table(rows_, head=("entry", "time", "kind", "about", "key", "by", "problem"))
    return int(any(use.problem for use in found))


@command(key, name="add")
@click.argument("handle")
@_KEY
def key_add(session: Session, handle: str, path: Path) -> None:
    """Enrol one more key of a principal."""
    entry = people.add_key(session.context, session.actor(), handle, _key_line(path))
    _done(session, f"{handle} has one more key", entry)


@command(key, name="revoke")
@click.argument("handle")
@click.argument("fingerprint")
@click.option("--reason", required=True)
def key_revoke(session: Session, handle: str, fingerprint: str, reason: str) -> None:
    """End a key from now on; what it signed before stays good."""
    entry = people.revoke_key(session.context, session.actor(), handle, fingerprint, reason=reason)
    _done(session, f"{fingerprint} no longer signs for {handle}", entry)


def _done(session: Session, words: str, entry: Entry) -> None:
    if session.options.json:
        emit_json({"entry": entry.seq, "kind": entry.statement.kind, "on": dict(entry.statement.on)})
    else:
        say(f"{words} (entry {entry.seq})")
