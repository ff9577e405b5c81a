"""`log`: the entries of the ledger, newest first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import click

from console.cli.output import emit_json, table
from console.cli.session import ENTRY_NUMBER, Session, Text, command
from store.clock import parse_timestamp, timestamp
from store.errors import BadInput
from store.integrity.entry import Entry
from store.services.history import history
from store.services.history.history import Query
from store.services.subjects import NAMED, is_id


class Subject(Text):
    """The id of a request, deployment, drift, incident, finding, broken glass or exception."""

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the id, or end as wrong usage."""
        text = super().convert(value, param, ctx)
        if not is_id(text):
            self.fail(f"{ascii(text)[:60]} is no id such as CR-0001", param, ctx)
        return text


@command(name="log")
@click.option("--kind", "kinds", multiple=True)
@click.option("--actor")
@click.option("--env", "environment")
@click.option("--project")
@click.option("--subject", type=Subject(), help=f"An id: {NAMED}")
@click.option("--since", help="A time (RFC 3339).")
@click.option("--until", help="A time (RFC 3339).")
@click.option("--search", help="Text anywhere in the entry.")
@click.option("--limit", type=ENTRY_NUMBER, help="At most so many (default 200; with --json all).")
def log(
    session: Session,
    kinds: tuple[str, ...],
    since: str | None,
    until: str | None,
    limit: int | None,
    **more: str | None,
) -> None:
    """List entries, newest first."""
    query = Query(kinds=kinds, since=_time(since), until=_time(until), **more)
    if limit is None and not session.options.json:
        limit = 200
    found = history.log(session.context, query, limit=limit)
    if session.options.json:
        emit_json([_plain(entry) for entry in found])
    else:
        table(_rows(found), head=("seq", "time", "actor", "kind", "on"))


def _rows(entries: Iterable[Entry]) -> list[tuple[object, ...]]:
    return [
        (e.seq, e.statement.time, e.statement.actor, e.statement.kind, subject_line(e.statement.on)) for e in entries
    ]


_FIRST = ("incident", "drift", "deployment", "request", "environment", "project", "principal")


def subject_line(on: Mapping[str, str]) -> str:
    """Return what an entry is about in a few words: its ids first, digests shortened."""
    names = [key for key in _FIRST if key in on] + [key for key in on if key not in _FIRST]
    return " ".join(on[key][:12] if key == "artifact" else on[key] for key in names)


def _plain(entry: Entry) -> dict[str, object]:
    statement = entry.statement
    return {
        "seq": entry.seq,
        "hash": entry.hash.hex(),
        "time": statement.time,
        "kind": statement.kind,
        "actor": statement.actor,
        "on": dict(statement.on),
        "data": dict(statement.data),
        "signed": entry.signature is not None,
    }


def _time(text: str | None) -> str | None:
    if text is None:
        return None
    try:
        return timestamp(parse_timestamp(text))
    except ValueError:
        raise BadInput(f"{text!a} is no time: write RFC 3339, e.g. 2026-11-23T14:00:00Z") from None
