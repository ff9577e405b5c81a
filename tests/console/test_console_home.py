"""The line above the home screen: the worst thing first, whoever reads it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from rich.segment import Segment
from textual.color import Color

from console.presentation.healths import duty_lines
from console.presentation.home import headline, keys, row_cells
from console.presentation.home_preview import preview_lines
from console.presentation.home_top import activity_line, top_lines
from console.presentation.spans import as_line, plain, width
from console.widgets.last_filters import AsciiFilter
from store.domain.duties import Duty, State
from store.projections.findings import FindingStep
from store.services.triage.situation import Place, Situation
from store.services.triage.triage import EnvironmentState, Item

NOW = datetime(2026, 11, 23, 14, 2, tzinfo=UTC)


def item(kind: str, severity: str, *, mine: bool, key: str = "DR-0002") -> Item:
    place: dict[str, Any] = {"environment": "prod", "project": "orders"}
    return Item(key=key, kind=kind, severity=severity, what="w", since="2026-11-23T14:00:00.000Z", mine=mine, **place)


def told(items: list[Item], who: str | None) -> str:
    return "".join(span.text for span in headline(items, who))


DRIFT = item("drift", "critical", mine=False)
BAD_FILE = item("refused", "low", mine=True, key="#127")


def test_somebody_without_a_key_still_reads_the_worst_thing_first() -> None:
    line = told([DRIFT, BAD_FILE], None)
    assert line.startswith("! prod/orders was changed behind us (DR-0002): enter shows it, read only")
    assert line.endswith("1 more")


def test_the_first_line_is_one_line_at_sixty_columns_and_ends_with_what_to_press() -> None:
    for name, ending in (("prod", ": R restores it"), ("production-eu-west", ": R"), ("p" * 80, "…: R")):
        place = replace(item("drift", "critical", mine=True), environment=name)
        told_to_mira, told_to_anybody = headline([place], "mira", 58), headline([replace(place, mine=False)], None, 58)
        assert width(told_to_mira) <= 58
        assert width(told_to_anybody) <= 58
        assert plain(told_to_mira).endswith(ending)
        assert ": enter" in plain(told_to_anybody)


def test_a_calm_home_needs_one_line_at_sixty_columns_too() -> None:
    assert plain(headline([], "mira", 58)) == "✓ nothing needs you now"
    assert plain(headline([], "mira", 78)).endswith("stands below")


def test_no_word_is_lost_from_the_middle_of_bad_news() -> None:
    chain = replace(item("chain", "critical", mine=True, key="chain"), what="the ledger does not check: invalid")
    assert plain(headline([chain], "mira", 58)) == "! the ledger does not check: invalid: enter"
    assert plain(headline([chain], "mira", 78)).endswith("invalid: enter shows the ledger")


def test_somebody_who_may_not_answer_it_is_told_so_and_what_is_theirs() -> None:
    line = told([DRIFT, BAD_FILE], "juno")
    assert "DR-0002" in line
    assert "not yours to answer" in line
    assert "1 for you" in line


def test_what_is_ones_own_names_its_key() -> None:
    assert "R restores it" in told([item("drift", "critical", mine=True), BAD_FILE], "mira")


def test_nothing_is_said_to_need_anybody_when_nothing_does() -> None:
    assert "nothing needs you now" in told([], None)


def test_a_kind_that_nobody_told_the_console_about_draws_by_what_it_says_of_itself() -> None:
    strange = replace(
        item("key-audit", "high", mine=True, key="FND-0007"), what="a key was used twice", act="annotate",
        reason="one key signs for two people",
    )  # fmt: skip
    assert told([strange], "mira") == "! FND-0007 a key was used twice: c adds a note"
    cells = "|".join(plain(as_line(cell)) for cell in row_cells(strange, NOW))
    assert cells == "▲ HIGH|key audit|FND-0007|prod/orders|a key was used twice|2m|c"
    theirs = replace(strange, act="do what nobody knows", mine=False)
    assert keys(theirs) == (("enter", "opens it"),)
    assert "enter" in [plain(as_line(cell)) for cell in row_cells(theirs, NOW)]


def test_the_day_is_drawn_as_bars_and_told_in_words() -> None:
    assert plain(activity_line((0, 1, 7, 0))) == "4 h ·▁▇· 8, most 1 h ago"
    assert activity_line((0,) * 24) == ()
    levels = AsciiFilter().apply([Segment("·▁▂▃▄▅▆▇")], Color(0, 0, 0))
    assert len({char for segment in levels for char in segment.text}) == 8


def state(**facts: Any) -> EnvironmentState:
    known: dict[str, Any] = {
        "name": "prod", "target": "folder", "projects": 1, "release": None, "since": None, "drifts": 0,
        "frozen": None, "seen": "2026-11-23T13:00:00.000Z",
    }  # fmt: skip
    return EnvironmentState(**(known | facts))


def strip(*states: EnvironmentState, rhythm: tuple[int, ...] = (), room: int = 120, tall: bool = True) -> list[str]:
    places = tuple(Place(state=one, live=()) for one in states)
    _, lines = top_lines((), "mira", places, rhythm, NOW, room, tall=tall)
    return [plain(found).rstrip() for found in lines]


def test_an_age_that_is_too_old_says_so_in_words_at_every_width() -> None:
    assert "seen 1 h ago" in strip(state())[0]
    for room in (60, 80, 120):
        assert "! stale: seen 1 h ago" in strip(state(stale=True), room=room)[0]
        assert "! stale: never seen live" in strip(state(stale=True, seen=None), room=room)[0]


def test_the_activity_stands_where_there_is_room_or_not_at_all() -> None:
    rhythm = (0,) * 20 + (3, 1, 0, 2)
    long = state(frozen="because of the year's end, which is a long reason that fills the line")
    head, _ = top_lines((), "mira", (), rhythm, NOW, 120, tall=False)
    assert "most 3 h ago" in plain(head[0])
    assert "most" not in " ".join(strip(long, rhythm=rhythm, room=60, tall=False))
    assert "most" in strip(long, rhythm=rhythm, room=60, tall=True)[-1]


def test_what_was_acknowledged_is_told_apart_from_what_is_open_as_the_tab_line_does() -> None:
    assert "! 1 drift + 1 known  seen" in strip(state(drifts=2, known=1))[0]
    assert "! 2 drifts " in strip(state(drifts=2))[0]
    one, other = strip(state(drifts=1, known=1), state(name="dev", drifts=13, known=2))
    assert "! 1 known drift " in one
    assert one.index("seen") == other.index("seen"), "what stands below one another begins below one another"


def test_a_finding_is_shown_with_its_story_and_the_command_that_closes_it() -> None:
    found = replace(item("finding", "medium", mine=True, key="FND-0001"), command="quarterdeck finding close FND-0001")
    step = FindingStep(seq=9, time="2026-11-23T14:00:00.000Z", actor="cy", step="noted", words="on it\x1b[2J")
    lines = preview_lines(Situation(item=found, blocked={}, story=(step,)), datetime(2026, 11, 24, tzinfo=UTC), 100)
    text = "\n".join("".join(span.text for span in one) for one in lines)
    assert "c adds a note" in text
    assert "#9 cy noted: on it" in text
    assert "handled by  quarterdeck finding close FND-0001" in text
    assert "FND-0001 w: X closes it" in told([found], "mira")


@pytest.mark.parametrize(
    ("anybody", "who", "told_who"),
    [
        (True, (), "anybody at this machine"),
        (False, (), "nobody may: an admin grants the role"),
        (False, ("ada", "juno"), "ada, juno"),
    ],
)
def test_what_needs_no_role_is_not_said_to_be_nobodys(anybody: bool, who: tuple[str, ...], told_who: str) -> None:
    duty = Duty(
        key="x", kind="a-kind", what="a thing", severity="warning", state=State.OWED, since="2026-11-20T08:00:00.000Z",
        due="2026-12-26T21:33:00.000Z", who=who, command="quarterdeck verify", anybody=anybody,
    )  # fmt: skip
    words = [plain(found) for found in duty_lines(duty, NOW)]
    assert f"who        {told_who}" in words
    assert "due        2026-12-26 21:33Z  due in 4 weeks" in words


def test_a_request_that_is_not_ones_own_to_answer_waits_for_nobody_in_particular() -> None:
    waits = item("approval", "high", mine=False, key="CR-0001")
    assert told([waits], "alice").startswith("! CR-0001 waits for a yes or no: enter shows it, not yours to answer")
    assert "CR-0001 waits for your yes or no" in told([replace(waits, mine=True)], "bo")
