"""The list of the home screen in words: what needs somebody, and which keys handle it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from console.presentation.about import place
from console.presentation.spans import Line, Span, cell_width, fit, line, width
from console.presentation.times import age
from console.presentation.words import severity
from store.clock import parse_timestamp
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


def handled(item: Item) -> str:
    """Return which keys handle an item, in one line without tones: what a key that does not says."""
    return ", ".join(f"`{key}` {does}" for key, does in keys(item))
