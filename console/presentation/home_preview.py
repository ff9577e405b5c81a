"""An item of the home screen in depth: what, where, since when, why it is here, and what its keys do. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from console.presentation import reviews
from console.presentation.about import place
from console.presentation.activity import moment, sentence
from console.presentation.changes import changes_of
from console.presentation.comments import comment_lines
from console.presentation.home import keys, right_of, word
from console.presentation.impacts import brief_impact
from console.presentation.remains import remains_lines
from console.presentation.spans import Line, fit, line
from console.presentation.times import ago, stamp
from console.presentation.words import severity, short_digest
from store.clock import parse_timestamp, timestamp
from store.integrity.entry import Entry
from store.projections.artifacts import RefusedRow
from store.projections.deployments import DeploymentRow
from store.services.delivery.remains import Remains
from store.services.triage.situation import Situation

_ACTS = {
    "R": "roll back",
    "a": "approve",
    "D": "deploy",
    "c": "annotate",
    "F": "deploy",
    "U": "roll back",
    "P": "annotate",
}


def preview_lines(
    found: Situation, now: datetime, room: int, *, lately: int = 8, read_only: str | None = None
) -> tuple[Line, ...]:
    """Return an item in depth: what, where, since when, why it is here, and the keys that handle it.

    `lately`: how many of the newest entries about the same place are added. `read_only`: why no key acts.
    """
    item = found.item
    mark = severity(item.severity)
    where = place(item.environment, item.project) if item.environment != "-" else "this workspace"
    first = line((f"{mark.symbol} {mark.word} {word(item)}  ", mark.tone), (item.subject, "title"),
                 "  ", (where, "strong"), (f"  {ago(parse_timestamp(item.since), now)}", "muted"))  # fmt: skip
    body = _body(found, now, room)
    past = [line(""), line(("Lately here", "title")), *_lately(found, now, room)[:lately]] if found.lately else []
    notes = [line(("· ", "muted"), (note.actor, "strong"), f": {note.note}") for note in found.notes]
    why = [line(("why  ", "muted"), item.reason)] if item.reason and found.review is None else []
    return (first, keys_line(found, read_only), *body, *why, *notes, *past)


def calm_lines(lately: Sequence[Entry], now: datetime, room: int) -> tuple[Line, ...]:
    """Return what stands where an item would, as long as there is none; `lately` where nothing else shows it."""
    calm = line(("· ", "muted"), ("what needs somebody is explained here", "muted"))
    past = [line(""), line(("Lately", "title")), *_sentences(lately, now, room)] if lately else []
    return (calm, *past)


def keys_line(found: Situation, read_only: str | None = None) -> Line:
    """Return the keys that handle an item, or why the best of them cannot be pressed by whoever looks."""
    if read_only is not None:
        opens = next(does for key, does in keys(found.item) if key == "enter")
        return line(("▸ enter", "key"), f" {opens}", (f"   ! read only: {read_only}", "warn"))
    ways = keys(found.item)
    best, _ = ways[0] if ways[0][0] != "enter" or len(ways) == 1 else ways[1]
    against = _against(found, best)
    reasons = [words for words in against if not words.startswith("→")]
    ways_out = [words for words in against if words.startswith("→")]
    parts: list[str | tuple[str, str]] = []
    for key, does in ways:
        if not _against(found, key):
            parts += [("  " if parts else "▸ ", "key"), (key, "key"), f" {does}"]
    if reasons:
        parts += [
            ("   " if parts else "", "text"),
            (f"! {reasons[0]}{f' (+{len(reasons) - 1})' if len(reasons) > 1 else ''}", "warn"),
            *((f"  {words}", "info") for words in ways_out[:1]),
        ]
    return line(*parts)


def _against(found: Situation, key: str) -> tuple[str, ...]:
    if key in {"a", "x", "D"} and found.review is not None:
        match key:
            case "a":
                return (*found.review.approve_blocked, *(f"→ {words}" for words in found.review.approve_unblock))
            case "x":
                return found.review.refuse_blocked
            case _:
                return (*found.review.deploy_blocked, *(f"→ {words}" for words in found.review.deploy_unblock))
    act = {"A": "acknowledge", "X": "close", "v": "viewed"}.get(key, "")
    return found.blocked.get(right_of(found.item, act) or _ACTS.get(key, ""), ())


def _body(found: Situation, now: datetime, room: int) -> list[Line]:
    if found.review is not None and found.item.kind == "comment":
        return [*comment_lines(found.review, now, room=room)]
    if found.review is not None:
        row = found.review.request
        why = " ".join(found.review.content.why.split())
        head = reviews.head_lines(found.review, now, room=room)
        return [*head, line(("why  ", "muted"), why), line((f"{row.environment} ", "muted"),
                *reviews.change_words(found.review.diff)), *brief_impact(found.review.diff.impact, 6)]  # fmt: skip
    if found.three is not None:
        return _drift(found)
    if found.failed is not None:
        return _failed(found.failed, found.remains)
    if found.incident is not None:
        opened = f"opened by {found.incident.opened_by} at entry {found.incident.opened_seq}"
        return [line((found.incident.title, "strong")), line((opened, "muted"))]
    if found.refused is not None:
        return _refused(found.refused)
    return _told(found)


def _failed(run: DeploymentRow, remains: Remains | None) -> list[Line]:
    request = f" of {run.request}" if run.request else ""
    ended = f", ended {stamp(parse_timestamp(run.ended_at))}" if run.ended_at else ""
    who = line((f"{run.cause}{request} by {run.actor}{ended}", "muted"))
    if remains is not None:
        return [who, *remains_lines(remains)]
    return [who, line(("reason  ", "muted"), (run.reason or "none recorded", "danger"))]


def _refused(file: RefusedRow) -> list[Line]:
    return [
        line(("file    ", "muted"), (file.path, "strong")),
        line(("reason  ", "muted"), (file.reason, "warn")),
        line(("kept as ", "muted"), file.kept),
        line(("export it again and drop the whole file; nothing was taken from this one", "muted")),
    ]


def _told(found: Situation) -> list[Line]:
    """Return what there is of anything else: what happened, who did what since, and the command for it."""
    words = [line(found.item.what)]
    words += [
        line((f"#{s.seq} ", "muted"), (s.actor, "strong"), f" {s.step}: {s.words}")
        for s in found.story
        if s.step != "raised"
    ]
    if found.item.command:
        words.append(line(("handled by  ", "muted"), (found.item.command, "key")))
    return words


def _drift(found: Situation) -> list[Line]:
    assert found.three is not None
    row = found.three.drift
    lines = [line((row.name, "strong"), (f"  {row.kind}  ", "muted"), row.summary)]
    if row.release is not None:
        lines.append(line(("against release ", "muted"), (short_digest(row.release), "info"),
                          (f", live now differs; status {row.status}", "muted")))  # fmt: skip
    for change in changes_of(found.diff.to_json()):
        plain = [field for field in change.fields if not field.noise and not field.code]
        lines += [
            line((f"{field.path}  ", "text"), ("should be ", "muted"), (field.old or "not there", "add"),
                 ("  is ", "muted"), (field.new or "gone", "remove"))
            for field in plain[:4]
        ]  # fmt: skip
    return lines


def _lately(found: Situation, now: datetime, room: int) -> list[Line]:
    return _sentences(found.lately, now, room)


def _sentences(entries: Sequence[Entry], now: datetime, room: int) -> list[Line]:
    today = timestamp(now)
    shown = (line((f"{moment(entry, today):<11} ", "muted"), *sentence(entry)) for entry in entries)
    return [fit(words, room, middle=False) for words in shown]
