"""An instant of the past in words, always marked as past. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from console.presentation.about import about
from console.presentation.changes import ComponentChange, changes_of
from console.presentation.spans import Cell, Line, Span, line
from console.presentation.times import age, ago, clock, stamp
from console.presentation.words import change as change_mark
from console.presentation.words import counted, kind, short_digest
from store.clock import parse_timestamp
from store.integrity.entry import Entry
from store.services.history.moments import JUST_BEFORE_MINUTES, Moment, PlaceChange
from store.services.history.replay import Mark, Standing

_WEIGHTS = {"incident": 6, "rollback": 5, "release": 5, "drift": 4, "deployment": 3, "environment": 2, "approval": 1}
_QUIET = frozenset({"gate.evaluated", "configuration.observed"})


def mark_label(mark: Mark) -> str:
    """Return what happened in a few words: `deploy verified DEP-0009 crm on prod`."""
    place = f"  {mark.project} on {mark.environment}" if mark.project != "-" and mark.environment != "-" else ""
    return f"{kind(mark.kind).word} {mark.subject}{place}"


def mark_weight(mark: Mark) -> int:
    """Return which of two marks in one cell is drawn: the heavier."""
    failed = 3 if mark.kind.endswith((".failed", ".refused")) else 0
    return _WEIGHTS.get(mark.kind.partition(".")[0], 0) + failed


def banner(at: datetime, seq: int, *, past: bool, size: int, now: datetime) -> Line:
    """Return the line that says which time is shown; PAST can be told from now without colour."""
    if not past:
        shown = line(
            (" NOW ", "badge-ok"), f"  entry {size:,}, the state as it is", ("   ← goes back in time, ", "muted")
        )
        return (*shown, *line(("t", "key"), (" to an instant", "muted")))
    where = line((" PAST ", "badge-warn"), "  ", (stamp(at), "strong"), ("  READ ONLY", "warn"), f"  {ago(at, now)}")
    later = f"  #{seq:,} of {size:,}  " if seq else "  before entry 1  "
    return (*where, *line((later, "muted"), ("esc", "key"), (" back to now", "muted")))


def when_words(at: datetime, *, past: bool) -> str:
    """Return how headings name the instant."""
    return f"PAST {stamp(at)}" if past else "now"


def standing_cells(one: Standing, at: datetime, *, past: bool) -> tuple[Cell, ...]:
    """Return the cells of one environment and project: release, since, by what, drift then, and whether it still is."""
    since = parse_timestamp(one.since)
    drift = line(("✓ none", "ok")) if not one.drifts else line((f"! {counted(one.drifts, 'drift')}", "danger"))
    same: Cell = Span("live now", "ok") if not past else Span("= same now", "muted")
    if past and not one.same_now:
        same = Span("≠ other now", "warn")
    place = line((one.environment, "strong"), ("/", "muted"), (one.project, "strong"))
    return (
        place,
        short_digest(one.release),
        f"{stamp(since)[:16]}Z",
        f"{age(since, at)}",
        one.deployment,
        drift,
        same,
    )


def absent_cells(environment: str, project: str) -> tuple[Cell, ...]:
    """Return the cells of a place that held nothing yet."""
    place = line((environment, "muted"), ("/", "muted"), (project, "muted"))
    return (place, Span("nothing yet", "muted"), "", "", "", "", Span("≠ other now", "warn"))


def before_line(found: Moment) -> Line:
    """Return what the half hour before came to, in one line."""
    title = line((f"The {JUST_BEFORE_MINUTES} minutes before  ", "title"))
    if not found.just_before:
        if found.previous is None:
            return (*title, *line(("nothing: the ledger begins here", "muted")))
        gap = ago(parse_timestamp(found.previous.statement.time), parse_timestamp(found.at.time))
        last = f"nothing: the entry before is #{found.previous.seq:,}, {gap.replace(' ago', ' earlier')}"
        return (*title, *line((last, "muted")))
    counts: dict[str, int] = {}
    for entry in found.just_before:
        noun = kind(entry.statement.kind.partition(".")[0]).word
        counts[noun] = counts.get(noun, 0) + 1
    words = ", ".join(f"{number} {noun}" for noun, number in counts.items())
    places = ", ".join(f"{one.environment}/{one.project}" for one in found.changes)
    changed = line(("changed ", "warn"), (places, "warn"), "  ") if places else line(("no release changed  ", "ok"))
    return (*title, *changed, *line((f"{counted(len(found.just_before), 'entry', 'entries')}: {words}", "muted")))


def changed_lines(found: Moment) -> list[Line]:
    """Return which releases changed in the half hour before, to stand above what was done."""
    lines: list[Line] = []
    for one in found.changes:
        lines.append(place_line(one))
        for part in changes_of(one.diff.to_json())[:8]:
            mark = change_mark(part.change)
            detail = counted(sum(1 for f in part.fields if not f.noise) + len(part.words), "change")
            lines.append(line("  ", (f"{mark.symbol} ", mark.tone), part.name, (f"  {part.kind}  {detail}", "muted")))
            lines += [line("      ", ("↪ ", "info"), words) for words in part.words[:3]]
    return [*lines, line("")] if lines else lines


def done_lines(found: Moment) -> list[Line]:
    """Return what was done in the half hour before, a line each."""
    lines = [_entry_line(entry) for entry in found.just_before if entry.statement.kind not in _QUIET]
    quiet = sum(entry.statement.kind in _QUIET for entry in found.just_before)
    if quiet:
        lines.append(line((f"and {counted(quiet, 'observation')} of quarterdeck's own", "muted")))
    return lines or [line(("nothing was recorded", "muted"))]


def _entry_line(entry: Entry) -> Line:
    mark = kind(entry.statement.kind)
    when = clock(parse_timestamp(entry.statement.time))
    who = line(("  by ", "muted"), entry.statement.actor)
    return (*line((f"{when} ", "muted"), (f"{mark.symbol} {mark.word} ", mark.tone), about(entry.statement.on)), *who)


def place_line(one: PlaceChange) -> Line:
    """Return which release gave way to which, where."""
    return line(
        (f"{one.environment}/{one.project}", "strong"), "  ",
        (one.old or "nothing", "remove"), (" → ", "muted"), (one.new or "nothing", "add"),
    )  # fmt: skip


def component_changes(places: tuple[PlaceChange, ...]) -> tuple[ComponentChange, ...]:
    """Return every component that differs, in every place; its key begins with the number of its place."""
    several = len(places) > 1
    return tuple(
        replace(
            part,
            key=f"{number} {part.key}",
            kind=f"{part.kind}  {one.environment}/{one.project}" if several else part.kind,
        )
        for number, one in enumerate(places)
        for part in changes_of(one.diff.to_json())
    )
