from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from console_scene import FACTS, Host, screen_text
from support.hostile import HOSTILE
from textual import events
from textual.widget import Widget

from console.presentation.frame import ChainFacts, FrameFacts
from console.presentation.spans import line, plain
from console.widgets.filter_bar import FilterBar, Mode
from console.widgets.key_line import MessageLine, fitting
from console.widgets.status_bar import StatusBar, Tab, TabStrip, headline
from console.widgets.text_view import Facts, TextView
from console.widgets.timeline import Tick, Timeline

TABS = [Tab(str(i + 1), name, name.title()) for i, name in enumerate(
    ("triage", "approvals", "lineage", "drift", "replay", "ledger", "connectors", "health"))]  # fmt: skip
NOW = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)


def test_the_headline_says_the_worst_thing_and_the_key_for_it() -> None:
    assert plain(headline(FACTS, TABS)) == " ! prod drift +1 press 1 "
    broken = replace(FACTS, chain=ChainFacts(status="INVALID", entries=5))
    assert plain(headline(broken, TABS)) == " ✗ LEDGER INVALID press 6 "
    waiting = FrameFacts(workspace="w", counts={"triage": 3}, mine=1)
    assert plain(headline(waiting, TABS)) == " ! 1 thing for you press 1 "
    assert plain(headline(replace(waiting, mine=0), TABS)) == " · 3 things for others press 1 ", "none is yours"
    assert plain(headline(FrameFacts(workspace="w"), TABS)) == " ✓ all calm "


def test_the_headline_never_sends_anybody_to_where_they_are() -> None:
    assert plain(headline(FACTS, TABS, here="triage")) == " ! prod drift +1 "
    assert plain(headline(FACTS, TABS, here="drift")) == " ! prod drift +1 press 1 "


@pytest.mark.parametrize("width", [60, 80, 120, 250])
async def test_the_first_line_keeps_the_environments_at_every_width(width: int) -> None:
    bar = StatusBar(TABS)
    app = Host(bar)
    async with app.run_test(size=(width, 16)) as pilot:
        bar.facts = replace(FACTS, read_only="locked")
        bar.crumbs = ("Approvals", "CR-0042 \u202e")
        await pilot.pause()
        first = screen_text(app).split("\n")[0]
        assert len(first) <= width
        assert "READ ONLY" in first
        assert "!" in first.split("READ ONLY")[1]
        assert "CR-0042" in first or width < 80


@pytest.mark.parametrize("crumbs", [("Findings", "FND-0001"), ("Incidents", "INC-0001"), ("Approvals", "CR-0001")])
async def test_the_first_line_says_which_ledger_this_is_beside_all_environments_at_80_columns(
    crumbs: tuple[str, ...],
) -> None:
    bar = StatusBar(TABS)
    app = Host(bar)
    async with app.run_test(size=(80, 24)) as pilot:
        calm = tuple(replace(found, status="ok") for found in FACTS.environments)
        bar.facts = replace(FACTS, environments=calm, counts={})
        bar.crumbs = crumbs
        await pilot.pause()
        first = screen_text(app).split("\n")[0]
        assert f" acme ▸ {' ▸ '.join(crumbs)} " in first
        assert "dev ✓  staging ✓  prod ✓" in first


@pytest.mark.parametrize("width", [60, 80, 140])
async def test_every_place_has_its_key_in_the_tab_line(width: int) -> None:
    strip = TabStrip(TABS)
    app = Host(strip)
    async with app.run_test(size=(width, 16)) as pilot:
        strip.facts = FACTS
        strip.current = "replay"
        await pilot.pause()
        first = screen_text(app).split("\n")[0]
        assert all(str(n) in first for n in range(1, 9))
        assert "Replay" in first
        assert len(first) <= width
        await pilot.click(strip, offset=(1, 0))
        await pilot.pause()
        assert [m.place for m in app.said(TabStrip.Picked)] == ["triage"]


def ticks(count: int) -> list[Tick]:
    return [
        Tick(key=f"t{i}", at=NOW - timedelta(hours=10 * (count - i)), symbol="●", tone="info", label=f"deploy {i}")
        for i in range(count)
    ]


async def test_the_wheel_goes_from_event_to_event() -> None:
    timeline = Timeline()
    app = Host(timeline)
    async with app.run_test(size=(80, 16)) as pilot:
        timeline.show_ticks(ticks(5), NOW)
        await pilot.pause()
        timeline.post_message(_wheel(timeline, events.MouseScrollUp))
        await pilot.pause()
        assert timeline.key == "t4"
        timeline.post_message(_wheel(timeline, events.MouseScrollUp))
        await pilot.pause()
        assert timeline.key == "t3"
        timeline.post_message(_wheel(timeline, events.MouseScrollDown))
        await pilot.pause()
        assert timeline.key == "t4"


def _wheel(over: Widget, turned: type[events.MouseEvent]) -> events.MouseEvent:
    return turned(over, 5, 1, 0, 0, 0, shift=False, meta=False, ctrl=False)


@pytest.mark.parametrize("width", [40, 60, 80, 100, 200])
async def test_a_title_in_the_tab_line_is_whole_or_not_there(width: int) -> None:
    titles = ("Triage", "Approvals", "Lineage", "Drift", "Replay", "Ledger", "Connectors", "Policy", "Findings")
    tabs = [Tab(str(number), title.lower(), title) for number, title in enumerate(titles, 1)]
    strip = TabStrip(tabs)
    app = Host(strip)
    async with app.run_test(size=(width, 16)) as pilot:
        strip.current, strip.facts = "ledger", FrameFacts(workspace="w", counts={"triage": 3, "findings": 12})
        await pilot.pause()
        shown = screen_text(app).split("\n")[0]
        words = [word for word in re.split(r"[\s:]+", shown) if word.isalpha()]
        assert set(words) <= set(titles)
        assert "Ledger" in words
        if width >= 80:
            assert {"Triage", "Findings"} <= set(words)
        for number in range(1, 10):
            assert str(number) in shown


async def test_arrows_go_from_event_to_event_and_shift_by_the_day() -> None:
    timeline = Timeline()
    app = Host(timeline)
    async with app.run_test(size=(100, 10)) as pilot:
        timeline.show_ticks(ticks(10), NOW)
        timeline.focus()
        await pilot.pause()
        assert timeline.key is None
        await pilot.press("left")
        assert timeline.key == "t9"
        assert "deploy 9" in screen_text(app)
        await pilot.press("shift+left")
        assert timeline.key == "t6"
        await pilot.press("home")
        assert timeline.key == "t0"
        await pilot.press("end")
        assert timeline.key is None
        moved = app.said(Timeline.Moved)
        assert [m.key for m in moved] == ["t9", "t6", "t0", None]


async def test_two_marks_can_be_set_and_taken_away() -> None:
    timeline = Timeline()
    app = Host(timeline)
    async with app.run_test(size=(100, 10)) as pilot:
        timeline.show_ticks(ticks(5), NOW)
        timeline.focus()
        await pilot.press("left", "right_square_bracket", "home", "left_square_bracket")
        await pilot.pause()
        assert timeline.marks == ("t0", "t4")
        assert "[" in screen_text(app)
        await pilot.press("left_square_bracket")
        assert timeline.marks == (None, "t4")


async def test_the_cursor_stays_on_its_event_when_more_happen() -> None:
    timeline = Timeline()
    async with Host(timeline).run_test(size=(80, 10)):
        timeline.show_ticks(ticks(5), NOW)
        timeline.go_to("t2")
        timeline.show_ticks([*ticks(5), Tick(key="new", at=NOW, symbol="!", tone="danger", label="x")], NOW)
        assert timeline.key == "t2"


async def test_escape_empties_a_filter_before_it_leaves() -> None:
    bar = FilterBar(["drift"])
    app = Host(bar)
    async with app.run_test() as pilot:
        bar.open(Mode.FILTER)
        await pilot.press(*"prod")
        await pilot.pause()
        assert [m.text for m in app.said(FilterBar.Changed)][-1] == "prod"
        await pilot.press("escape")
        assert bar.field.value == ""
        assert bar.has_class("-open")
        await pilot.press("escape")
        assert not bar.has_class("-open")


async def test_a_command_is_submitted_and_remembered() -> None:
    bar = FilterBar(["drift"])
    app = Host(bar)
    async with app.run_test() as pilot:
        bar.open(Mode.COMMAND)
        await pilot.press(*"drift prod", "enter")
        await pilot.pause()
        assert [(m.mode, m.text) for m in app.said(FilterBar.Submitted)] == [(Mode.COMMAND, "drift prod")]
        bar.open(Mode.COMMAND)
        await pilot.press("up")
        assert bar.field.value == "drift prod"


async def test_hostile_text_is_shown_safely_by_facts_text_and_messages() -> None:
    facts, view, message = Facts(*HOSTILE[:8]), TextView(wrapped=True), MessageLine()
    app = Host(facts, view, message)
    async with app.run_test(size=(80, 50)) as pilot:
        view.show_lines(HOSTILE)
        message.say(HOSTILE[:4], tone="warn")
        facts.show_lines(*(line((name, "danger")) for name in HOSTILE[:12]))
        await pilot.pause()
        text = screen_text(app)
        assert "[@click=app.quit]press[/]" in text
        assert all(c.isprintable() or c == "\n" for c in text)


def test_of_many_reasons_the_first_are_said_and_never_without_the_way_out() -> None:
    reasons = [f"reason {number}" for number in range(5)]
    shown = fitting([*reasons, "→ bo could do it", "→ T ticks them"])
    assert shown == ["reason 0", "and 4 more: `?` lists them", "→ bo could do it", "→ T ticks them"]
    assert fitting([*reasons, "→ bo could do it"])[:2] == ["reason 0", "reason 1"]
    assert fitting([*reasons[:3], "→ bo"]) == [*reasons[:3], "→ bo"]
    ways = [f"→ way {number}" for number in range(5)]
    assert fitting([reasons[0], *ways]) == [reasons[0], *ways[:3]], "no reason was left out, so none is counted"
