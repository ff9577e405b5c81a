"""What a change does to permissions and connectors, as lines: what widens first, said by symbol, word and colour."""

from __future__ import annotations

from collections.abc import Sequence

from console.presentation.spans import Line, line
from console.presentation.words import direction
from store.domain.impact import Fact, Impact


def impact_lines(impact: Impact) -> list[Line]:
    """Return one line a fact, permissions before connectors."""
    return [_line(fact) for fact in impact.facts]


def brief_impact(impact: Impact, most: int) -> list[Line]:
    """Return at most `most` lines; the last one counts the facts that are left out."""
    if len(impact.facts) <= most:
        return impact_lines(impact)
    shown = impact.facts[: most - 1]
    return [*(_line(fact) for fact in shown), _rest(impact.facts[most - 1 :])]


def _line(fact: Fact) -> Line:
    mark = direction(fact.direction.value)
    return line((f"{mark.symbol} {mark.word:<8} ", mark.tone), fact.words)


def _rest(facts: Sequence[Fact]) -> Line:
    wider = sum(fact.direction.value == "wider" for fact in facts)
    more = f" and {len(facts)} more effects on permissions and connectors"
    return line((f"{more}, {wider} of them wider" if wider else more, "muted"))
