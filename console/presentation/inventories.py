"""The inventory of connectors as rows and lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from console.presentation.spans import Cell, Line, Span, fact, line
from console.presentation.times import ago, stamp
from console.presentation.words import Mark, counted
from store.clock import parse_timestamp
from store.domain.inventory import Instant, Item, Since, shown
from store.services.connectors.inventory import Inventory

_MARKS = {
    Since.NEW: Mark("+", "new", "warn", "+"),
    Since.CHANGED: Mark("~", "changed", "warn", "~"),
    Since.GONE: Mark("−", "gone", "muted", "-"),
    Since.SAME: Mark("·", "", "muted", "."),
}
_LABEL = 11


def key_of(item: Item) -> str:
    """Return what tells an item's row from all others."""
    return "\n".join(item.key)


def row_cells(item: Item, now: datetime) -> tuple[Cell, ...]:
    """Return an item for the list: since, kind, name, version, licence, places, first, last, used by."""
    mark = _MARKS[item.since]
    places = {(use.project, use.environment) for use in item.uses}
    users = ", ".join(dict.fromkeys(use.name or use.component or use.project for use in item.uses))
    return (
        Span(f"{mark.symbol} {mark.word}", mark.tone),
        Span(item.kind, "muted"),
        Span(item.name, "text" if item.in_use else "muted"),
        ", ".join(item.versions),
        ", ".join(item.licences),
        str(len(places)) if places else "–",
        _age(item.first, now),
        Span("now", "text") if item.in_use else _age(item.last, now),
        users or Span("nothing uses it now", "muted"),
    )


def headline(found: Inventory, now: datetime, *, changed_only: bool, acts: bool = True) -> Line:
    """Return whether somebody should look, and which key to press; without `acts` none that would act."""
    used = sum(item.in_use for item in found.items)
    changed = found.changed()
    if not found.items:
        return line(("✓ nothing reaches outside ", "ok"), ("in any release that is known here", "muted"))
    review = found.review
    if review is None:
        told = line(("! never reviewed  ", "warn"), (f"{counted(used, 'connector')} in use  ", "text"))
    elif changed:
        counts = Counter(item.since for item in changed)
        words = ", ".join(f"{counts[since]} {since.value}" for since in _MARKS if counts[since])
        told = line((f"! {words} since the review of {review.actor} {_age_of(review.time, now)}  ", "warn"))
    else:
        told = line(("✓ nothing new ", "ok"), f"since the review of {review.actor} {_age_of(review.time, now)}  ")
    hint = ("v", "key"), (" marks all reviewed  ", "muted")
    shows = ("w", "key"), (" shows all" if changed_only else " changes only", "muted")
    return (*told, *line(*hint, *shows)) if acts and (review is None or changed) else (*told, *line(*shows))


def item_lines(item: Item, now: datetime, *, reviewed: bool) -> list[Line]:
    """Return everything about one connector; `reviewed` says that there was a review at all."""
    mark = _MARKS[item.since]
    lines = [line((f"{item.kind} ", "muted"), (item.name, "title"))]
    if item.since is not Since.SAME:
        told = f"{mark.symbol} {mark.word} since the last review" if reviewed else "+ nobody has reviewed it yet"
        lines.append(line((told, mark.tone)))
    lines += [line("  ", ("→ ", "info"), words) for words in item.words]
    facts = [("id there", item.ref)] * bool(item.ref)
    for label, stated in (("version", item.versions), ("licence", item.licences)):
        facts += [(label, ", ".join(stated))] * bool(stated)
    lines += [fact(label, value, room=_LABEL) for label, value in facts]
    for label, at in (("first seen", item.first), ("last seen", item.last)):
        when = parse_timestamp(at.time)
        lines.append(fact(label, f"#{at.seq}  {stamp(when)}  ", (ago(when, now), "muted"), room=_LABEL))
    if not item.uses:
        return [*lines, line(("nothing uses it now", "muted"))]
    used = line((f"used by {counted(len(item.uses), 'component')}", "title"))
    return [*lines, used, *(line("  ", shown(use)) for use in item.uses)]


def filtered(items: Sequence[Item], *, changed_only: bool) -> list[Item]:
    """Return what the list shows: what is new first, then by kind and name; what is long gone at the end."""
    order = {Since.NEW: 0, Since.CHANGED: 1, Since.GONE: 2, Since.SAME: 3}
    wanted = [item for item in items if item.since is not Since.SAME] if changed_only else list(items)
    return sorted(wanted, key=lambda item: (order[item.since], not item.in_use, item.key))


def _age(at: Instant, now: datetime) -> Span:
    return Span(_age_of(at.time, now).removesuffix(" ago"), "muted")


def _age_of(time: str, now: datetime) -> str:
    return ago(parse_timestamp(time), now)
