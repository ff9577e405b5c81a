"""A change request as the command line shows it, for people and for programs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from console.cli.approval_text import say_missing
from console.cli.comment_text import comment_json, say_comments
from console.cli.gate_text import gate_json, say_gate
from console.cli.output import emit_json, say, say_lines
from console.cli.request_row import row_json
from console.cli.session import Session
from store.domain import events as ev
from store.domain.commenting import Comment
from store.domain.waiting import Deadline
from store.errors import NotFound
from store.projections import requests as rows
from store.services import diffing, retold
from store.services.context import Context
from store.services.delivery import environments
from store.services.requests import approving, commenting, escalating, lapsing, testdata, ticking, waiving


@dataclass(frozen=True, kw_only=True, slots=True)
class _Shown:
    """What is shown of a request."""

    row: rows.RequestRow
    content: ev.RequestContent
    goes_to: str | None
    """Where a deployment would deliver it, in words; None where that is not known yet."""
    deadline: Deadline | None
    wanted: approving.Wanted
    lapsed: bool
    """Whether it had all its approvals and lacks one again."""
    risk: rows.RiskRow | None
    checklist: tuple[ticking.Item, ...]
    gates: Sequence[rows.GateRow]
    decisions: Sequence[rows.ApprovalRow]
    comments: Sequence[Comment]


def show(session: Session, request_id: str, *, full: bool = False) -> None:
    """Print a request as it stands; to people with `full` also what was written and what it would change.

    Raises:
        NotFound: there is no such request.
        IntegrityFailure: what the read tables say of it is not what its entries say.
    """
    shown = _read(session.context, request_id)
    if session.options.json:
        emit_json(_json(session.context, shown))
        return
    _say_state(shown)
    _say_answers(shown)
    if full:
        _say_written(session.context, shown)


def _read(context: Context, request_id: str) -> _Shown:
    retold.check_request(context, request_id)
    with context.ledger.reading() as connection:
        row = rows.one(connection, request_id)
        content = rows.content(connection, request_id)
        gates = rows.gates(connection, request_id)
        decisions = rows.decisions(connection, request_id)
        risk = rows.risk(connection, request_id)
    if row is None or content is None:
        raise NotFound(f"there is no request {request_id}")
    goes = environments.environments(context.ledger).get(row.environment)
    lapsed = bool(lapsing.lapsed(context, [row], context.now))
    return _Shown(
        row=row,
        content=content,
        goes_to=None if goes is None else goes.place.words,
        deadline=escalating.deadline_of(context, row, context.now, missing=lapsed),
        wanted=approving.wanted(context, request_id),
        lapsed=lapsed,
        risk=risk,
        checklist=ticking.checklist(context, request_id),
        gates=gates,
        decisions=decisions,
        comments=commenting.of_request(context.ledger, request_id),
    )


def _json(context: Context, shown: _Shown) -> dict[str, object]:
    row = shown.row
    return row_json(row, lapsed=shown.lapsed) | {
        "goes_to": shown.goes_to,
        "content": asdict(shown.content),
        "deadline": None if shown.deadline is None else asdict(shown.deadline),
        "missing": asdict(shown.wanted),
        "checklist": [asdict(item) for item in shown.checklist],
        "assessed": None if shown.risk is None else asdict(shown.risk),
        "gates": [gate_json(gate) for gate in shown.gates],
        "decisions": [
            {"actor": d.actor, "decision": d.decision, "note": d.note, "digest": d.digest, "seq": d.seq}
            for d in shown.decisions
        ],
        "comments": [comment_json(one, row.digest) for one in shown.comments],
        "test_data": [asdict(one) for one in testdata.of_request(context.ledger, row.id)],
    }


def _say_state(shown: _Shown) -> None:
    row, risk = shown.row, shown.risk
    say(f"{row.id}  {row.state}  {row.environment}/{row.project}  risk {row.risk}  by {row.requester}")
    say(f"  {row.title}")
    if shown.lapsed:
        say(f"  {lapsing.WORDS}")
    say(f"  request digest {row.digest[:16]}  release {row.release[:16]}")
    if shown.goes_to is not None:
        say(f"  goes to {shown.goes_to}")
    if shown.deadline is not None:
        say(f"  approvals {shown.deadline.words}")
    if risk is not None:
        say(f"  risk {risk.level}: {risk.points} points make it {risk.computed}, declared {risk.declared}")
        for fact in risk.facts:
            say(f"    {fact.points:>3}  {fact.fact}: {fact.because}")
        for owned in risk.owners:
            say(f"    an approval by {' or '.join(owned.owners)}: {owned.because}")


def _say_answers(shown: _Shown) -> None:
    """Print what people and gates said to it: ticks, verdicts, decisions, comments."""
    for number, item in enumerate(shown.checklist, 1):
        by = f"  {item.by} (entry {item.seq})  {item.note}" if item.by else ""
        say(f"  {'[x]' if item.by else '[ ]'} {number} {item.item}{by}")
    for gate in shown.gates:
        say_gate(gate.verdict, gate.gate, gate.reason, gate.unblock)
    for one in shown.decisions:
        void = "" if one.digest == shown.row.digest else "  (void: the request changed since)"
        say(f"  {one.decision} by {one.actor}  entry {one.seq}  {one.note}{void}")
    say_missing(shown.wanted)
    say_comments(shown.comments, shown.row.digest)


def _say_written(context: Context, shown: _Shown) -> None:
    from console.cli.diff_text import diff_lines

    request_id = shown.row.id
    for one in testdata.of_request(context.ledger, request_id):
        say(f"  test data: {one.words}  by {one.actor}  entry {one.seq}")
    for waiver in waiving.of_request(context, request_id):
        say(f"  exception {waiver.id} for {waiver.gate}: {waiver.state(context.now)}, by {waiver.by} until"
            f" {waiver.expires}, accepts: {waiver.accepted}")  # fmt: skip
    for name, value in asdict(shown.content).items():
        if value and name not in {"title", "risk"}:
            say(f"  {name.replace('_', ' ')}: {value}")
    say_lines("\n".join(diff_lines(diffing.of_request(context, request_id))))
