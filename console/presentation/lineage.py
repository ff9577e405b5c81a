"""The lineage in words: how a node reads in the tree, and everything that is known of the one under the cursor."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import partial

from console.presentation.about import place
from console.presentation.remains import remains_lines, ways_line
from console.presentation.rollbacks import changes_in_words
from console.presentation.spans import Line, Span, fact, line
from console.presentation.times import age, lasted, stamp
from console.presentation.words import KINDS, Mark, counted, short_digest
from console.presentation.words import severity as severity_mark
from console.presentation.words import status as status_mark
from store.clock import parse_timestamp
from store.projections.artifacts import ArtifactRow
from store.projections.deployments import DeploymentRow
from store.projections.drifts import DriftRow
from store.projections.incidents import IncidentRow
from store.services.lineage.lineage_detail import Detail
from store.services.lineage.nodes import Node

_fact = partial(fact, room=9)

_OWN = {
    "project": Mark("■", "project", "muted", "#"),
    "environment": Mark("●", "environment", "info", "@"),
    "gate": Mark("✓", "gate", "ok", "ok"),
    "test data": Mark("·", "test data", "muted", "."),
    "note": Mark("·", "note", "muted", "."),
    "comment": Mark("○", "comment", "warn", "o"),
    "older": Mark("…", "older", "muted", "."),
}
_WORDS_OF = {"in review": "pending", "rolled back": "withdrawn"}
"""States that have no mark of their own, and the mark they take."""


def state_mark(state: str) -> Mark:
    """Return how a node's state is shown; a decision that counts no more says so."""
    if state.startswith("void"):
        return Mark("–", state, "muted", "--")
    if state in _WORDS_OF:
        found = status_mark(_WORDS_OF[state])
        return Mark("◀" if state == "rolled back" else found.symbol, state, found.tone, found.ascii)
    return status_mark(state)


def label(node: Node) -> Line:
    """Return how a node reads in the tree: symbol, id, what it is, how it stands."""
    if node.kind == "test data":
        return line(("· ", "muted"), ("test data ", "muted"), node.title)
    mark = state_mark(node.state) if node.state else _OWN.get(node.kind, KINDS.get(node.kind, _OWN["note"]))
    match node.kind:
        case "project":
            tail = (" ! drift", "danger") if node.state == "drift" else ("", "muted")
            return line((f"{node.key}", "title"), (f"  {node.title}", "muted"), tail)
        case "environment":
            name = node.key.partition("@")[2]
            return line((f"{mark.symbol} ", mark.tone), (name, "strong"), (f"  {node.title}", _tone(node)))
        case "artifact":
            return line(
                ("+ ", "muted"), (short_digest(node.key), "info"), f" {node.title}", (f"  {node.state}", "muted")
            )
        case "gate":
            return line((f"{mark.symbol} {mark.word} ", mark.tone), node.title)
        case "approval":
            return line((f"{mark.symbol} {mark.word} ", mark.tone), ("by ", "muted"), node.title)
        case "comment":
            symbol, tone = ("✓", "muted") if node.state == "settled" else ("○", "warn")
            return line((f"{symbol} ", tone), (f"comment {node.state} ", tone), node.title)
        case "note":
            return line(("· ", "muted"), ("note ", "muted"), node.title)
        case "older":
            return line(("… ", "muted"), (node.title, "muted"), "  ", ("enter", "key"), (" shows more", "muted"))
        case _:
            symbol = KINDS[node.kind].symbol if node.kind in {"rollback", "drift", "incident"} else mark.symbol
            live = node.state == "live"
            return line(
                (f"{symbol} ", mark.tone),
                (node.key, "strong" if live else "text"),
                (f" {mark.word} ", mark.tone),
                node.title,
            )


def right(node: Node, now: datetime) -> Line:
    """Return what stands at the right edge of a node's row: its age."""
    return line((f"{age(parse_timestamp(node.time), now):>3}", "muted")) if node.time else ()


def headline(roots: Sequence[Node], room: int, *, acts: bool = True) -> Line:
    """Return whether anything in the lineage is wrong, and what to press; without `acts` no key that would act."""
    drifted = [node.key for node in roots if node.state == "drift"]
    live = sum(1 for node in roots if node.state in {"live", "drift"})
    if not roots:
        return line(("· nothing has arrived yet: drop an export into inbox/ENVIRONMENT/PROJECT/", "muted"))
    keys = line("   ", ("/", "key"), " finds")
    if acts:
        keys = (*keys, *line("  ", ("R", "key"), " rolls back to the release under the cursor"))
    if drifted:
        wrong = line((f"! live differs from desired: {', '.join(drifted)}", "danger"), "  ", ("4", "key"), " shows it")
    else:
        wrong = line(("✓ ", "ok"), f"{counted(len(roots), 'project')}, {live} live, none drifted")
    return (*wrong, *keys) if room >= 100 else wrong


def facts(detail: Detail, now: datetime) -> tuple[Line, ...]:
    """Return what is known of a node, the most telling first; its change is shown beside."""
    found = tuple(_facts(detail, now))
    notes = tuple(line(("note     ", "muted"), (f"{note.actor}: ", "info"), note.note) for note in detail.notes)
    return (*found, *notes)


def _facts(detail: Detail, now: datetime) -> Iterable[Line]:
    if detail.request is not None:
        return _request(detail, now)
    if detail.deployment is not None:
        return (*_deployment(detail.deployment, detail, now), *_remains(detail))
    if detail.drift is not None:
        return _drift(detail.drift, now)
    if detail.incident is not None:
        return _incident(detail.incident, now)
    if detail.artifact is not None:
        return _artifact(detail.artifact, now)
    if detail.node.kind in {"project", "environment"}:
        return _place(detail, now)
    return _other(detail.node, now)


def _remains(detail: Detail) -> Iterable[Line]:
    if detail.remains is not None:
        yield from remains_lines(detail.remains)
        yield ways_line(detail.remains)


def _drift(row: DriftRow, now: datetime) -> Iterable[Line]:
    yield _head(row.id, row.status, row.name)
    yield _fact("where", f"{row.environment}/{row.project}", "   ", ("4", "key"), (" answers it", "muted"))
    yield _fact("what", row.summary)
    yield _fact("opened", *_moment(row.opened_at, now), _entry(row.opened_seq))
    if row.note:
        yield _fact("answer", row.note)


def _incident(row: IncidentRow, now: datetime) -> Iterable[Line]:
    yield _head(row.id, row.state, row.title, severity_mark(row.severity))
    yield _fact("opened", *_moment(row.opened_at, now), f"  by {row.opened_by}", _entry(row.opened_seq))
    if row.closed_at:
        yield _fact("closed", *_moment(row.closed_at, now))
    if row.cause:
        yield _fact("cause", row.cause)


def _artifact(row: ArtifactRow, now: datetime) -> Iterable[Line]:
    yield _head(short_digest(row.digest), "", row.name)
    yield _fact("arrived", *_moment(row.time, now), f"  {row.environment}/{row.project}", _entry(row.seq))
    yield _fact("platform", f"{row.platform}  {counted(row.components, 'component')}, {row.bytes:,} bytes")
    yield _fact("digest", (row.digest, "info"))
    if row.secrets or row.notices:
        yield _fact("noticed", (f"{counted(row.secrets, 'secret')}, {counted(row.notices, 'notice')}", "warn"))


def _other(node: Node, now: datetime) -> Iterable[Line]:
    yield _head(node.key, node.state, node.title)
    if node.time:
        yield _fact("when", *_moment(node.time, now))
    if node.seq is not None:
        yield _fact("entry", f"{node.seq}", "   ", ("e", "key"), (" shows it and its proof", "muted"))


def _request(detail: Detail, now: datetime) -> Iterable[Line]:
    row, content = detail.request, detail.content
    assert row is not None
    yield _head(row.id, row.state, row.title, severity_mark(row.risk))
    who = f"  by {row.requester} for {place(row.environment, row.project)}"
    yield _fact("asked", *_moment(row.opened_at, now), who, _entry(row.opened_seq))
    good = [one.actor for one in detail.decisions if one.decision == "approved" and one.digest == row.digest]
    bad = [f"{one.actor}: {one.note}" for one in detail.decisions if one.decision == "refused"]
    if good:
        yield _fact("approved", ("✓ ", "ok"), ", ".join(dict.fromkeys(good)))
    for words in bad:
        yield _fact("refused", ("✗ ", "danger"), words)
    failed = [gate for gate in detail.gates if gate.verdict == "fail"]
    waived = [gate for gate in detail.gates if gate.verdict == "waived"]
    if detail.gates and not failed:
        yield _fact("gates", ("✓ ", "ok"), f"{len(detail.gates) - len(waived)} pass")
    for gate in waived:
        yield _fact("gates", (f"~ {gate.gate} waived: ", "warn"), gate.reason)
    for gate in failed:
        yield _fact("gates", (f"✗ {gate.gate}: ", "danger"), gate.reason)
    if detail.deployment is not None:
        yield _fact("deployed", f"{detail.deployment.id} ", *_outcome(detail.deployment, now))
    yield _fact(
        "release",
        (short_digest(row.release), "info"),
        ("  on ", "muted"),
        (short_digest(row.base or "nothing"), "info"),
    )
    if content is not None:
        for name, words in (("why", content.why), ("what", content.what), ("impact", content.impact)):
            if words:
                yield _fact(name, words)
    yield from _change(detail)


def _deployment(row: DeploymentRow, detail: Detail, now: datetime) -> Iterable[Line]:
    state = detail.node.state or row.state
    yield _head(row.id, state, f"{row.cause} on {row.environment}/{row.project}")
    seconds = ""
    if row.ended_at:
        seconds = lasted((parse_timestamp(row.ended_at) - parse_timestamp(row.started_at)).total_seconds())
    took = (f"  took {seconds}" if seconds else "", "muted")
    yield _fact("started", *_moment(row.started_at, now), f"  by {row.actor}", took, _entry(row.started_seq))
    if row.request:
        yield _fact("for", row.request)
    if row.reason:
        yield _fact("reason", row.reason)
    before = short_digest(row.previous) if row.previous else "nothing"
    yield _fact("release", (before, "info"), (" → ", "muted"), (short_digest(row.release), "info"))
    yield from _change(detail)


def _place(detail: Detail, now: datetime) -> Iterable[Line]:
    node = detail.node
    name = node.key if node.kind == "project" else " on ".join(node.key.split("@", 1))
    yield _head(name, node.state if node.state != "empty" else "", node.title)
    if not detail.past:
        yield line(("nothing was deployed yet", "muted"))
        return
    yield line()
    yield line(("deployments and rollbacks, the newest first", "title"))
    for row in detail.past:
        mark = KINDS["rollback" if row.cause == "rollback" else "deployment"]
        where = f"{row.environment:<8} " if node.kind == "project" else ""
        yield line(
            (f"{mark.symbol} ", mark.tone),
            f"{row.id}  {where}",
            (f"{short_digest(row.release)}  ", "info"),
            *status_mark(row.state).line(),
            (f"  {age(parse_timestamp(row.ended_at or row.started_at), now)}", "text"),
            (f"  {row.request or row.reason or ''}", "muted"),
        )


def _outcome(row: DeploymentRow, now: datetime) -> tuple[Span, ...]:
    mark = status_mark(row.state)
    return *mark.line(), *line("  ", *_moment(row.ended_at or row.started_at, now))


def _change(detail: Detail) -> Iterable[Line]:
    if detail.comparison is not None:
        yield _fact("changes", *changes_in_words(detail.comparison.diff))


def _head(name: str, state: str, title: str, *marks: Mark) -> Line:
    shown = [(f"{mark.symbol} {mark.word}  ", mark.tone) for mark in ((state_mark(state),) if state else ()) + marks]
    return line((name, "title"), "  ", *shown, (title, "strong"))


def _moment(time: str, now: datetime) -> tuple[tuple[str, str], ...]:
    instant = parse_timestamp(time)
    return (stamp(instant), "text"), (f"  {age(instant, now)} ago", "muted")


def _entry(seq: int) -> tuple[str, str]:
    return f"  entry {seq}", "muted"


def _tone(node: Node) -> str:
    return "danger" if node.state == "drift" else "muted"
