"""A change request as its reviewer reads it: what it is, what stands against it, what it states. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from console.presentation.about import place
from console.presentation.changes import ComponentChange, changes_of
from console.presentation.comments import comment_lines, commented
from console.presentation.impacts import impact_lines
from console.presentation.spans import Line, Span, line, width, wrap
from console.presentation.text import suspicions
from console.presentation.times import age, ago
from console.presentation.words import counted, severity, short_digest, status
from store.clock import parse_timestamp
from store.domain.approving import UNTICKED
from store.domain.change import SUBMITTED
from store.domain.diff import Change, Diff
from store.projections.requests import RequestRow
from store.services.requests import lapsing
from store.services.requests.review import Review
from store.services.triage.triage import Item

WAITING = ("in review", "approved", "deploying")
_STATED = (
    ("why", "why"), ("what", "what"), ("impact", "impact"), ("success", "success"), ("rollback_plan", "rollback"),
    ("tests", "tests"), ("dependencies", "needs"), ("constraints", "limits"),
)  # fmt: skip
_LABEL = 10


def state_words(row: RequestRow, *, lapsed: bool = False) -> Line:
    """Return where a request stands: symbol and word. `lapsed`: it was approved and lacks an approval again."""
    if lapsed:
        return line(("! lapsed", "warn"))
    if row.gates_failed and row.state == "in review":
        return line(("✗ gates", "danger"))
    symbol, word, tone = {
        "in review": ("○", "waits", "warn"),
        "approved": ("▸", "ready", "ok"),
        "deploying": ("▸", "deploying", "info"),
        "rolled back": ("◀", "undone", "muted"),
        "superseded": ("–", "replaced", "muted"),
        "draft": ("○", "draft", "muted"),
        "live": ("✓", "live", "ok"),
    }.get(row.state, (status(row.state).symbol, row.state, "muted"))
    return line((f"{symbol} {word}", tone))


def row_cells(row: RequestRow, needed: int, now: datetime, *, left: int | None = None) -> tuple[Line | str | Span, ...]:
    """Return a request in a list: state, risk, id, for, title, approvals, age.

    `left`: how many approvals one still has that was approved and lacks some again; None: it is none of these.
    """
    waits = row.state in WAITING
    mark = severity(row.risk)
    given = row.approvals if left is None else left
    yes = f"{given}/{needed}" if waits else ""
    return (
        state_words(row, lapsed=left is not None),
        Span(f"{mark.symbol} {mark.word}", mark.tone if waits else "muted"),
        Span(row.id, "strong" if waits else "muted"),
        Span(place(row.environment, row.project), "text" if waits else "muted"),
        Span(row.title, "title" if waits else "muted"),
        Span(yes, "warn" if given < needed else "ok"),
        Span(age(parse_timestamp(row.updated_at), now), "muted"),
    )


def head_lines(review: Review, now: datetime, *, room: int = 200) -> tuple[Line, ...]:
    """Return the first lines of a review in `room` cells: which request, which bytes, against what, who said yes."""
    row = review.request
    mark = severity(row.risk)
    first = line(
        (f" {row.id} ", "keycap"), " ", *((f"! {words}  ", "danger") for words in suspicions(row.title)),
        (row.title, "title"), "  ", (f"{mark.symbol} {mark.word}", mark.tone),
    )  # fmt: skip
    by = f"  by {row.requester} {ago(parse_timestamp(row.opened_at), now)}"
    second = line(
        *state_words(row, lapsed=review.lapsed), "  ", (f"{row.project} → {row.environment}", "strong"), (by, "muted")
    )
    third = line(("digest ", "muted"), (short_digest(row.digest), "info"), "  ", *base_words(review))
    if width(second) + width(third) + 2 <= room:
        return (first, (*second, Span("  "), *third), approval_line(review))
    return (first, second, third, approval_line(review))


def base_words(review: Review) -> Line:
    """Return whether what the reviewer compares with is what is there now."""
    row = review.request
    if row.state not in {*WAITING, "draft"}:
        return ()
    loose = [drift for drift in review.drifts if drift.endswith(" open")]
    if loose:
        return line((f"base is live: NO, {', '.join(name.split(' ')[0] for name in loose[:3])} has drifted", "danger"))
    if not review.base_is_live:
        return line(("base is live: NO, something else was deployed since", "danger"))
    if row.base is None:
        return line(("first release here", "muted"))
    return line(("base ", "muted"), (short_digest(row.base), "muted"), (" is live: ✓ yes", "ok"))


def approval_line(review: Review) -> Line:
    """Return who said yes to these bytes, and what is still missing."""
    row = review.request
    good = [d for d in review.decisions if d.decision == "approved" and d.digest == row.digest]
    given = tuple(dict.fromkeys(decision.actor for decision in good))
    gone = tuple(name for name in given if name not in review.approvers) if row.state in SUBMITTED else ()
    names = tuple(name for name in given if name not in gone)
    parts: list[str | tuple[str, str]] = [("approvals ", "muted")]
    for name in names:
        parts += [("● ", "ok"), (f"{name}  ", "strong")]
    if gone:
        parts.append((f"! does not count now: {', '.join(gone)}  ", "warn"))
    if row.state in {*WAITING, "draft"}:
        parts += [("○ ____  ", "warn")] * max(review.needed - len(names), 0)
    refused = [d for d in review.decisions if d.decision == "refused"]
    if refused:
        parts += [(f"✗ {refused[-1].actor} refused: {refused[-1].note}", "danger")]
    elif row.state in {"in review", "draft"} or review.lapsed:
        parts.append((f"({review.needed} needed, not by {row.requester})", "muted"))
        parts += [(f"  {what}", "warn") for what in review.missing if not what.startswith(f"{len(names)} of")]
    if review.deadline is not None:
        parts.append((f"  {review.deadline.words}", "danger" if review.deadline.passed else "muted"))
    void = {d.actor for d in review.decisions if d.decision == "approved"} - set(given)
    if void:
        parts.append((f"  void since the last edit: {', '.join(sorted(void))}", "warn"))
    return line(*parts)


def next_step(review: Review) -> Line:
    """Return the one thing to do with a request, or why nothing can be done by whoever looks at it."""
    row = review.request
    match row.state:
        case "in review" | "approved" if not review.approve_blocked and (row.state == "in review" or review.lapsed):
            why = f"{lapsing.WORDS}; " if review.lapsed else ""
            after = len(review.approvers) + 1
            return line(("▸ ", "key"), why, ("a", "key"), f" approves ({after} of {review.needed} then), ",
                        ("x", "key"), " refuses")  # fmt: skip
        case "approved" if not review.deploy_blocked:
            return line(("▸ ", "key"), ("D", "key"), f" deploys it to {row.environment}")
        case "approved" if review.lapsed:
            return _blocked(lapsing.WORDS, review.approve_blocked, review.approve_unblock)
        case "approved":
            return _blocked("cannot be deployed yet", review.deploy_blocked, review.deploy_unblock)
        case "in review" if left := unticked(review):
            return line(("▸ ", "key"), ("T", "key"), f" ticks the checklist, {counted(left, 'item')} left; then ",
                        ("a", "key"), " approves, ", ("x", "key"), " refuses")  # fmt: skip
        case "in review":
            return _blocked("not yours to approve", review.approve_blocked, review.approve_unblock)
        case "live" if not review.promote_blocked:
            return line(("✓ ", "ok"), f"live in {row.environment}; ", ("m", "key"), " promotes its release")
        case "draft":
            return line(("○ ", "muted"), f"a draft: {row.requester} has not handed it in yet")
        case _:
            return line(("· ", "muted"), (f"nothing to decide: it is {row.state}", "muted"))


def unticked(review: Review) -> int:
    """Return how many items of the checklist are all that stands between whoever looks and their approval."""
    items = [reason for reason in review.approve_blocked if reason.startswith(UNTICKED)]
    return len(items) if len(items) == len(review.approve_blocked) else 0


def _blocked(words: str, reasons: Sequence[str], unblock: Sequence[str]) -> Line:
    after: tuple[str | tuple[str, str], ...] = (("  → ", "info"), unblock[0]) if unblock else ()
    more = f" (+{len(reasons) - 1})" if len(reasons) > 1 else ""
    return line(("! ", "warn"), (f"{words}: ", "warn"), f"{reasons[0] if reasons else ''}{more}", *after)


def waiting_line(waiting: Sequence[Item]) -> Line:
    """Return the first line of the list: what waits for whoever looks, and what for others."""
    mine = [item.key for item in waiting if item.mine]
    others = len(waiting) - len(mine)
    rest = f"   {counted(others, 'request')} for somebody else" if others else ""
    if not mine:
        return line(("✓ ", "ok"), "no request waits for you", (rest, "muted"))
    words = f"! {len(mine)} {'waits' if len(mine) == 1 else 'wait'} for you: "
    return line((words, "warn"), (", ".join(mine[:4]), "strong"), "   ", ("enter", "key"), " reviews", (rest, "muted"))


def nothing_lines() -> tuple[Line, ...]:
    """Return what stands where a request would, as long as there is none."""
    return (
        line(("A request asks to bring what was dropped into inbox/ENVIRONMENT/PROJECT/ to life.", "muted")),
        line(("quarterdeck watch", "key"), (", left running, takes in what is dropped there.", "muted")),
        line(("+", "key"), (" writes the first one; who may approve it finds it here.", "muted")),
    )


def stated_lines(review: Review) -> list[Line]:
    """Return the checklist: what the requester stated, and what was left open."""
    lines = []
    for field, label in _STATED:
        words = str(getattr(review.content, field)).strip()
        mark = ("✓ ", "ok") if words else ("○ ", "faint")
        value: tuple[str, str] = (" ".join(words.split()), "text") if words else ("not stated", "faint")
        lines.append(line(mark, (f"{label:<{_LABEL}}", "muted"), value))
    return lines


def gate_lines(review: Review) -> list[Line]:
    """Return every gate with its verdict and why, what would unblock it below."""
    lines: list[Line] = []
    for gate in review.gates:
        mark = status(gate.verdict)
        said: list[str | tuple[str, str]] = [(f"{mark.symbol} ", mark.tone), (gate.gate, "strong")]
        if gate.waived:
            said.append((f"  WAIVED by {gate.waived}", mark.tone))
        lines.append(line(*said, (f"  {gate.reason}", "muted")))
        if gate.verdict == "fail" and gate.unblock:
            lines.append(line("  ", ("→ ", "info"), gate.unblock))
    return lines or [line(("○ gates run when it is handed in", "muted"))]


def data_lines(review: Review) -> list[Line]:
    """Return what was done with data to test it, with the entry that says so."""
    return [line(("· ", "muted"), one.words, (f"  {one.actor}, entry {one.seq}", "muted")) for one in review.data]


def standing_lines(diff: Diff) -> list[Line]:
    """Return what a reviewer should know of the whole, and was there before."""
    return [line(("! ", "warn"), (f"{note.code}  ", "warn"), note.detail) for note in diff.standing]


def said_lines(review: Review, now: datetime) -> list[Line]:
    """Return decisions and comments, the newest first."""
    found: list[tuple[int, Line]] = []
    for decision in review.decisions:
        mark = status(decision.decision)
        when = ago(parse_timestamp(decision.time), now)
        why = f": {decision.note}" if decision.note else ""
        said = line((f"{mark.symbol} {decision.actor} {decision.decision}", mark.tone), why, (f"  {when}", "muted"))
        found.append((decision.seq, said))
    for note in review.notes:
        when = ago(parse_timestamp(note.time), now)
        found.append(
            (note.seq, line(("· ", "muted"), (note.actor, "strong"), f": {note.note}", (f"  {when}", "muted")))
        )
    return [words for _, words in sorted(found, key=lambda pair: -pair[0])]


def fact_lines(review: Review, now: datetime, *, head: bool = True, room: int = 200) -> tuple[Line, ...]:
    """Return everything about a request but its changes, under headings; `head` adds the review's first lines."""
    parts: list[Line] = [*head_lines(review, now, room=room), next_step(review), line("")] if head else []
    for title, found, indent in (
        ("States", stated_lines(review), _LABEL + 2),
        ("Gates", gate_lines(review), 2),
        ("Permissions and connectors", impact_lines(review.diff.impact), 11),
        ("Comments", [*comment_lines(review, now, room=room)], 2),
        ("Test data", data_lines(review), 2),
        ("In it as before", standing_lines(review.diff), 2),
        ("Said", said_lines(review, now), 2),
    ):
        if found:
            parts += [line((title, "title")), *(part for one in found for part in wrap(one, room, indent=indent))]
            parts.append(line(""))
    return tuple(parts[:-1])


def change_words(diff: Diff) -> Line:
    """Return what changes in a few words: `+1 added  ~2 changed`, layout apart."""
    marks = ((Change.ADDED, "+", "add"), (Change.REMOVED, "−", "remove"), (Change.CHANGED, "~", "warn"),
             (Change.RENAMED, "→", "info"))  # fmt: skip
    parts = [(f"{symbol}{diff.count(change)} {change.value}  ", tone) for change, symbol, tone in marks
             if diff.count(change)]  # fmt: skip
    if diff.count(Change.NOISE):
        parts.append((f"{counted(diff.count(Change.NOISE), 'component')} only moved", "muted"))
    return line(*parts) if parts else line(("nothing changes", "muted"))


def reviewed_changes(review: Review, viewed: Collection[str], now: datetime) -> tuple[ComponentChange, ...]:
    """Return the changes ready to draw, those in `viewed` ticked, what was said about each below it."""
    ticked = (replace(change, viewed=change.key in viewed) for change in changes_of(review.diff.to_json()))
    return commented(tuple(ticked), review, now)


def to_view(diff: Diff) -> tuple[str, ...]:
    """Return the ids of the components a reviewer should have looked at: all but those that only moved."""
    return tuple(change.id for change in diff.components if change.change is not Change.NOISE)
