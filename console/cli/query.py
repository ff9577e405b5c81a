"""`state`, `diff`, `lineage`, `log` and `triage`: what is, what was, and what needs somebody."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict

import click

from console.cli.diff_text import diff_lines
from console.cli.output import emit_json, say, say_lines, table
from console.cli.session import ENTRY_NUMBER, Session, Text, command
from store.clock import parse_timestamp, timestamp
from store.errors import BadInput
from store.integrity.entry import Entry
from store.services import diffing
from store.services.delivery import environments
from store.services.history import history
from store.services.history.history import Query
from store.services.lineage import lineage as tree
from store.services.subjects import NAMED, is_id
from store.services.triage import triage as home


@command(name="state")
@click.argument("environment")
@click.option("--project")
@click.option("--at", "when", help="A time, an entry number, or an id; with an offset: INC-0001@-30m.")
def state(session: Session, environment: str, project: str | None, when: str | None) -> None:
    """Show what should be live in an environment, now or at any past instant."""
    context = session.context
    environments.one(context.ledger, environment)
    at = history.now(context) if when is None else history.resolve(context, when)
    found = history.state_at(context, environment, at)
    projects = {}
    for row in found.deployments:
        if project is None or row.project == project:
            release = history.release_of(context, row)
            projects[row.project] = {
                "release": row.release,
                "deployment": row.id,
                "components": {
                    part.id: {
                        "digest": part.digest,
                        "name": part.name,
                        "artifact": part.artifact,
                        "deployed_by_entry": row.ended_seq,
                    }
                    for part in release.components
                },
            }
    if session.options.json:
        emit_json({"environment": environment, "at": {"seq": at.seq, "time": at.time}, "projects": projects})
        return
    say(f"{environment} after entry {at.seq} ({at.time})")
    for name, facts in projects.items():
        say(f"{name}  release {str(facts['release'])[:16]}  {facts['deployment']}")
        parts = facts["components"]
        assert isinstance(parts, dict)
        table(
            [(key, value["name"], value["digest"][:12]) for key, value in parts.items()],
            head=("component", "name", "digest"),
        )
    if not projects:
        say("nothing was deployed here")


@command(name="diff")
@click.argument("old")
@click.argument("new")
@click.option("--noise", is_flag=True, help="Show fields that say nothing about behaviour, too.")
def diff(session: Session, old: str, new: str, *, noise: bool) -> None:
    """Show what changes from OLD to NEW: digests, releases, ENV@WHEN, ids or files."""
    for side in (old, new):
        environment, at, _ = side.partition("@")
        if at:
            environments.one(session.context.ledger, environment)
    found = diffing.diff(session.context, old, new)
    if session.options.json:
        emit_json(found.to_json())
    else:
        say_lines("\n".join(diff_lines(found, noise=noise)))


@command(name="lineage")
@click.argument("subject", metavar="ID")
def lineage(session: Session, subject: str) -> None:
    """Show where something came from and what came of it."""
    found = tree.of(session.context, subject)
    if session.options.json:
        emit_json(found.to_json())
    else:
        _tree(found, "", "")


def _tree(node: tree.Node, first: str, rest: str) -> None:
    entry = f"  #{node.seq}" if node.seq else ""
    key = node.key[:16] if node.kind == "artifact" else node.key
    say(f"{first}{node.kind} {key}  {node.title}{f'  [{node.state}]' if node.state else ''}{entry}")
    for number, child in enumerate(node.children, start=1):
        last = number == len(node.children)
        _tree(child, f"{rest}{'`- ' if last else '|- '}", f"{rest}{'   ' if last else '|  '}")


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


@command(name="triage")
def triage(session: Session) -> int:
    """List what needs somebody now, most pressing first; exit 1 when something does."""
    actor, _ = session.actor_if_any()
    handle = actor.handle if actor is not None else None
    found = home.overview(session.context, handle)
    if session.options.json:
        emit_json({"items": [asdict(i) for i in found.items], "environments": [asdict(e) for e in found.environments]})
    elif found.items:
        rows = [(i.severity, i.kind, i.key, f"{i.environment}/{i.project}", i.since, i.what) for i in found.items]
        table(rows, head=("severity", "kind", "id", "where", "since", "what"))
    else:
        say("nothing needs you now")
    return 1 if found.items else 0
