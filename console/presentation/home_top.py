"""The top of the home screen in words: how the environments are, and how much happened in the last hours. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from console.presentation.home import headline
from console.presentation.spans import Line, fit, line, width
from console.presentation.text import display
from console.presentation.times import age, ago
from console.presentation.words import Mark, counted, short_digest, status
from store.clock import parse_timestamp
from store.domain.severity import is_production
from store.services.triage.situation import Place
from store.services.triage.triage import EnvironmentState, Item


def top_lines(
    items: Sequence[Item], who: str | None, places: Sequence[Place], rhythm: Sequence[int],
    now: datetime, room: int, *, tall: bool, most: int = 5,
) -> tuple[tuple[Line, ...], tuple[Line, ...]]:  # fmt: skip
    """Return the head and the strip of the home screen, the activity of a day where there is room for it.

    The strip holds at most `most` lines; of more environments those with trouble, and how many others there are.
    The activity stands beside the head, else beside a short line of the strip, else (`tall`) on a line of its own.
    """
    chosen = _chosen(places, most)
    names = min(max((len(one.state.name) for one in chosen), default=0), 16)
    states = max((len(_state_of(one)[1]) for one in chosen), default=0)
    said = max(states + 1, 15) if room >= 76 else 1
    head, strip = headline(items, who, room), [_strip_line(place, now, names, said, room) for place in chosen]
    if others := len(places) - len(chosen):
        strip.append(line((f"and {counted(others, 'other environment')}", "muted")))
    shown = activity_line(rhythm)
    space = room - width(shown) - 3
    if shown and width(head) <= space:
        head = (*fit(head, room - width(shown)), *shown)
    elif shown and (beside := [at for at, one in enumerate(strip) if width(one) <= space]):
        strip[beside[0]] = (*fit(strip[beside[0]], room - width(shown)), *shown)
    elif shown and tall:
        strip.append(shown)
    return (head,), tuple(fit(one, room, middle=False) for one in strip)


def _chosen(places: Sequence[Place], most: int) -> tuple[Place, ...]:
    """Return the environments that get a line, in their order: all, or those with most trouble and room for a count."""
    if len(places) <= most:
        return tuple(places)
    worst = sorted(places, key=lambda one: (not one.state.drifts, one.state.frozen is None, not one.live))
    kept = {one.state.name for one in worst[: most - 1]}
    return tuple(one for one in places if one.state.name in kept)


def activity_line(rhythm: Sequence[int]) -> Line:
    """Return how much happened in which of the last hours, as bars and in words; empty when nothing did."""
    most = max(rhythm, default=0)
    if not most:
        return ()
    bars = "".join(_BARS[0] if not one else _BARS[1 + (one * 7 - 1) // most] for one in rhythm)
    back = len(rhythm) - 1 - max(at for at, one in enumerate(rhythm) if one == most)
    when = "this hour" if not back else f"{back} h ago"
    return line((f"{len(rhythm)} h ", "muted"), (bars, "info"), (f" {sum(rhythm)}, most {when}", "muted"))


_BARS = "·▁▂▃▄▅▆▇"
"""An hour without entries is a dot; the busiest one is the highest bar."""


def _state_of(place: Place) -> tuple[Mark, str]:
    """Return how an environment is; what was acknowledged is told apart, as the tab line counts only what is open."""
    state = place.state
    new = state.drifts - state.known
    if new:
        return status("drift"), counted(new, "drift") + (f" + {state.known} known" if state.known else "")
    if state.drifts:
        return status("drift"), counted(state.drifts, "known drift")
    if state.frozen is not None:
        return status("frozen"), "frozen"
    return (status("ok"), "no drift seen") if place.live else (status("empty"), "nothing live")


def _strip_line(place: Place, now: datetime, names: int, states: int, room: int) -> Line:
    state = place.state
    mark, words = _state_of(place)
    tone = "danger" if state.drifts else mark.tone
    parts: list[str | tuple[str, str]] = [
        (f"{display(state.name, names):<{names}} ", "title" if is_production(state.name) else "strong"),
        (f"{mark.symbol} {words:<{states}} ", tone),
    ]
    if state.frozen is not None and state.drifts:
        parts.append(("■ frozen ", "info"))
    if state.stale:
        parts.append((f"! {_looked(state, now)} ", "warn"))
    elif state.seen is not None and room >= 76:
        parts.append((f"{_looked(state, now)} ", "muted"))  # before the releases: a short line loses its end
    for position, row in enumerate(sorted(place.live, key=lambda row: row.started_seq, reverse=True)):
        since = age(parse_timestamp(row.ended_at or row.started_at), now)
        parts += [
            (" · " if position else " ", "faint"),
            (row.project, "text"),
            (f" {short_digest(row.release)}", "info"),
            (f" {since}", "muted"),
        ]
    if state.frozen is not None:
        parts.append((f"   {state.frozen}", "info"))
    return line(*parts)


def _looked(state: EnvironmentState, now: datetime) -> str:
    """Return when live was last seen; what is too old says so in words, not by its colour alone."""
    if state.seen is None:
        return "stale: never seen live"
    words = ago(parse_timestamp(state.seen), now)
    return f"stale: seen {words}" if state.stale else f"seen {words}"
