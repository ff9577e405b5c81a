"""The home screen in words: what needs somebody, and which key handles it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from console.presentation import reviews
from console.presentation.about import place
from console.presentation.activity import moment, sentence
from console.presentation.changes import changes_of
from console.presentation.comments import comment_lines
from console.presentation.impacts import brief_impact
from console.presentation.remains import remains_lines
from console.presentation.spans import Line, Span, cell_width, fit, line, width
from console.presentation.times import age, ago, stamp
from console.presentation.words import severity, short_digest
from store.clock import parse_timestamp, timestamp
from store.integrity.entry import Entry
from store.projections.artifacts import RefusedRow
from store.projections.deployments import DeploymentRow
from store.services.delivery.remains import Remains
from store.services.triage.situation import Situation
from store.services.triage.triage import Item

_WORDS = {
    "drift": "drift",
    "approval": "approve",
    "ready": "deploy",
    "failed": "failed",
    "incident": "incident",
    "anomaly": "unusual",
    "refused": "bad file",
    "chain": "ledger",
    "finding": "finding",
    "review": "review",
}
"""Kind → the word in the list, where it is another one; a kind that is not here is its own word."""
_KEYS = {
    "drift": (("R", "restores it"), ("A", "acknowledges"), ("enter", "compares")),
    "approval": (("enter", "reviews"), ("a", "approves"), ("x", "refuses")),
    "ready": (("D", "deploys it"), ("enter", "reviews")),
    "failed": (("F", "finishes it"), ("U", "takes it back"), ("R", "rolls back"), ("enter", "shows its lineage")),
    "incident": (("c", "adds a note"), ("R", "rolls back"), ("X", "closes it"), ("enter", "opens it")),
    "anomaly": (("A", "acknowledges"), ("enter", "opens it")),
    "refused": (("enter", "shows the entry"),),
    "comment": (("enter", "opens the review"), ("c", "answers")),
    "chain": (("enter", "shows the ledger"),),
    "review": (("v", "records the review"), ("enter", "opens it")),
    "finding": (("X", "closes it"), ("c", "adds a note"), ("enter", "opens it")),
}
"""Kind → the keys that handle it, the best one first; a kind that is not here says it by its act."""
_ACTS = {
    "R": "roll back",
    "a": "approve",
    "D": "deploy",
    "c": "annotate",
    "F": "deploy",
    "U": "roll back",
    "P": "annotate",
}
_RIGHTS = {
    ("drift", "acknowledge"): "handle drift",
    ("anomaly", "acknowledge"): "acknowledge an anomaly",
    ("finding", "close"): "close a finding",
    ("incident", "close"): "open an incident",
    ("review", "viewed"): "review",
}
"""Kind and act → what one has to have a right to."""
_BY_ACT = {"roll back": ("R", "rolls back"), "annotate": ("c", "adds a note")}
"""Act → the key that does it for whatever kind of item states that act."""


def word(item: Item) -> str:
    """Return what an item is, in one or two words."""
    return _WORDS.get(item.kind, item.kind.replace("-", " ").replace("_", " "))


def keys(item: Item) -> tuple[tuple[str, str], ...]:
    """Return the keys that handle an item and what each does, the best first; `enter` opens whatever it is."""
    if item.kind == "review" and item.key == "connectors":
        return (("enter", "opens them"),)  # nobody signs for a list that they have not seen
    known = _KEYS.get(item.kind)
    if known is not None:
        return known
    return (*((_BY_ACT[item.act],) if item.act in _BY_ACT else ()), ("enter", "opens it"))


def right_of(item: Item, act: str) -> str:
    """Return what one has to have a right to, for an act that is another one with each kind of item; else nothing."""
    return _RIGHTS.get((item.kind, act), "")


def best_key(item: Item) -> str:
    """Return the one key to press on an item: what handles it, or what shows it to somebody who cannot."""
    return keys(item)[0][0] if item.mine else "enter"


def row_cells(item: Item, now: datetime) -> tuple[Line | str | Span, ...]:
    """Return an item in the list: severity, kind, id, where, what, age, the key that handles it."""
    mark = severity(item.severity)
    where = place(item.environment, item.project) if item.environment != "-" else "-"
    return (
        Span(f"{mark.symbol} {mark.word}", mark.tone),
        Span(word(item), "strong" if item.mine else "muted"),
        Span(item.subject, "text" if item.mine else "muted"),
        Span(where, "strong"),
        Span(item.what, "text" if item.mine else "muted"),
        Span(age(parse_timestamp(item.since), now), "muted"),
        Span(best_key(item), "key"),
    )


def headline(items: Sequence[Item], who: str | None, room: int = 200) -> Line:
    """Return the first line, in `room` cells: whether anything is wrong, and what to press."""
    if not items:
        calm, below = line(("✓ nothing needs you now", "ok")), line(("   what happened lately stands below", "muted"))
        return (*calm, *below) if width(calm) + width(below) <= room else calm
    mine = [item for item in items if item.mine]
    if not items[0].mine:
        return _not_mine(items, len(mine), who, room)
    first = mine[0]
    key, does = keys(first)[0]
    tone = "danger" if first.severity == "critical" else "warn"
    more = f"   {len(mine) - 1} more for you" if len(mine) > 1 else ""
    others = f", {len(items) - len(mine)} for others" if len(items) > len(mine) else ""
    head = _fitting(first, tone, key, does, room)
    full = (*head, Span(more + others, "muted"))
    return full if width(full) <= room else head


def _not_mine(items: Sequence[Item], mine: int, who: str | None, room: int) -> Line:
    """Return the line for the worst thing when it is not the reader's to answer: it still comes first."""
    tone = "danger" if items[0].severity == "critical" else "warn"
    why = "not yours to answer" if who is not None else "read only"
    head = _fitting(items[0], tone, "enter", f"shows it, {why}", room)
    others = (
        f"   {mine} for you, {len(items) - mine - 1} more" if mine and who is not None else f"   {len(items) - 1} more"
    )
    full = (*head, Span(others if len(items) > 1 else "", "muted"))
    return full if width(full) <= room else head


def _fitting(item: Item, tone: str, key: str, does: str, room: int) -> Line:
    """Return what happened and what to press in one line: shorter words before a cut, and the key is never cut off."""
    full, brief = line(": ", (key, "key"), f" {does}"), line(": ", (key, "key"))
    for words, then in ((_happened(item), full), (_shortly(item), full), (_happened(item), brief)):
        if cell_width(words) <= room - 2 - width(then):
            return (*line(("! ", tone), (words, tone)), *then)
    left = max(room - 2 - width(brief), 12)
    return (*line(("! ", tone)), *_cut(line((_shortly(item), tone)), left), *brief)


def _cut(words: Line, room: int) -> Line:
    """Cut a sentence at its end: what stands in its middle (a "not") is never what is lost."""
    return words if width(words) <= room else fit(words, room, middle=False)


def _shortly(item: Item) -> str:
    return f"{item.environment}/{item.project} drifted ({item.key})" if item.kind == "drift" else _happened(item)


def _happened(item: Item) -> str:
    where = place(item.environment, item.project)
    return {
        "drift": f"{where} was changed behind us ({item.key})",
        "approval": f"{item.key} waits for {'your' if item.mine else 'a'} yes or no",
        "ready": f"{item.key} is approved for {where}",
        "failed": f"{item.key} failed on {where}",
        "incident": f"{item.key} is open: {item.what}",
        "refused": "a dropped file could not be read",
        "chain": item.what,
        "comment": f"{item.subject} was commented on: {item.what}",
    }.get(item.kind, item.what if item.subject in item.what else f"{item.subject} {item.what}")


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


def handled(item: Item) -> str:
    """Return which keys handle an item, in one line without tones: what a key that does not says."""
    return ", ".join(f"`{key}` {does}" for key, does in keys(item))
