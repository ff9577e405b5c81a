"""The line above the home screen: the worst thing first, whoever reads it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from console.presentation.home import headline, preview_lines
from store.projections.findings import FindingStep
from store.services.triage.situation import Situation
from store.services.triage.triage import Item


def item(kind: str, severity: str, *, mine: bool, key: str = "DR-0002") -> Item:
    place: dict[str, Any] = {"environment": "prod", "project": "orders"}
    return Item(key=key, kind=kind, severity=severity, what="w", since="2026-11-23T14:00:00.000Z", mine=mine, **place)


def told(items: list[Item], who: str | None) -> str:
    return "".join(span.text for span in headline(items, who))


DRIFT = item("drift", "critical", mine=False)
BAD_FILE = item("refused", "low", mine=True, key="#127")


def test_somebody_without_a_key_still_reads_the_worst_thing_first() -> None:
    line = told([DRIFT, BAD_FILE], None)
    assert line.startswith("! prod/orders was changed behind us (DR-0002): enter shows it, start with --key")
    assert line.endswith("1 more")


def test_somebody_who_may_not_answer_it_is_told_so_and_what_is_theirs() -> None:
    line = told([DRIFT, BAD_FILE], "juno")
    assert "DR-0002" in line
    assert "not yours to answer" in line
    assert "1 for you" in line


def test_what_is_ones_own_names_its_key() -> None:
    assert "R restores it" in told([item("drift", "critical", mine=True), BAD_FILE], "mira")


def test_nothing_is_said_to_need_anybody_when_nothing_does() -> None:
    assert "nothing needs you now" in told([], None)


def test_a_finding_is_shown_with_its_story_and_the_command_that_closes_it() -> None:
    found = replace(item("finding", "medium", mine=True, key="FND-0001"), command="quarterdeck finding close FND-0001")
    step = FindingStep(seq=9, time="2026-11-23T14:00:00.000Z", actor="cy", step="noted", words="on it\x1b[2J")
    lines = preview_lines(Situation(item=found, blocked={}, story=(step,)), datetime(2026, 11, 24, tzinfo=UTC), 100)
    text = "\n".join("".join(span.text for span in one) for one in lines)
    assert "c adds a note" in text
    assert "#9 cy noted: on it" in text
    assert "handled by  quarterdeck finding close FND-0001" in text
    assert "FND-0001 w: c adds a note" in told([found], "mira")
