from __future__ import annotations

from typing import Any

import pytest
from screens_scene import SIZES, DemoDesk, bare, frame_of, pane_of, said, settled, until
from textual.pilot import Pilot

from console.screen import Place
from console.screen.changes_dialog import ChangesDialog
from console.screen.entry_dialog import EntryDialog
from console.screen.moment_view import MomentView
from console.screens.replay import Replay
from console.widgets.dialogs import Ask
from console.widgets.growing_table import GrowingTable
from console.widgets.keyed_table import KeyedTable
from console.widgets.semantic_diff import SemanticDiff
from console.widgets.status_bar import StatusBar
from console.widgets.text_view import Facts
from console.widgets.timeline import Timeline
from store.services import incidents
from store.services.history import history

REPLAY = Place(key="5", id="replay", title="Replay", factory=Replay)


def banner(pilot: Pilot[Any]) -> str:
    return str(pane_of(pilot).query_one("#replay-banner", Facts).render())


def timeline(pilot: Pilot[Any]) -> Timeline:
    return pane_of(pilot).query_one(Timeline)


def releases(pilot: Pilot[Any]) -> dict[str, str]:
    view = pane_of(pilot).query_one(MomentView)
    return {row.key: str(row.cells[1]) for row in view.query_one(KeyedTable).rows}


def stream(pilot: Pilot[Any]) -> GrowingTable:
    return pane_of(pilot).query_one(GrowingTable)


async def travel(pilot: Pilot[Any], subject: str) -> None:
    pane_of(pilot).open(subject)
    await settled(pilot)
    await pilot.pause(0.2)
    await settled(pilot)


async def press(pilot: Pilot[Any], *keys: str) -> None:
    for key in keys:
        await pilot.press(key)
    await pilot.pause(0.2)
    await settled(pilot)


@pytest.mark.parametrize("size", SIZES)
def test_now_looks_like_this(snap_compare: Any, mira: DemoDesk, size: tuple[int, int]) -> None:
    assert snap_compare(bare(mira.desk, REPLAY), terminal_size=size, run_before=settled)


@pytest.mark.parametrize("size", [(60, 20), *SIZES, (200, 50)])
def test_where_an_incident_began_looks_like_this(snap_compare: Any, mira: DemoDesk, size: tuple[int, int]) -> None:
    async def go(pilot: Pilot[Any]) -> None:
        await settled(pilot)
        await travel(pilot, "INC-0001")

    assert snap_compare(bare(mira.desk, REPLAY), terminal_size=size, run_before=go)


@pytest.mark.parametrize("size", SIZES)
def test_what_differs_from_now_looks_like_this(snap_compare: Any, mira: DemoDesk, size: tuple[int, int]) -> None:
    async def compare(pilot: Pilot[Any]) -> None:
        await settled(pilot)
        await travel(pilot, "DEP-0005")
        await pilot.press("d")
        await until(pilot, lambda: isinstance(pilot.app.screen, ChangesDialog))
        await settled(pilot)

    assert snap_compare(bare(mira.desk, REPLAY), terminal_size=size, run_before=compare)


async def test_the_past_is_marked_as_past_everywhere(mira: DemoDesk) -> None:
    async with bare(mira.desk, REPLAY).run_test(size=(140, 45)) as pilot:
        await settled(pilot)
        assert "NOW" in banner(pilot)
        await travel(pilot, "#82")
        assert "PAST" in banner(pilot)
        assert "READ ONLY" in banner(pilot)
        assert "#82 of" in banner(pilot)
        title = str(pane_of(pilot).query_one("#moment-state-title", Facts).render())
        assert "PAST 2026-11-09 17:10:05Z" in title
        assert any("PAST" in crumb for crumb in frame_of(pilot).query_one(StatusBar).crumbs)
        await press(pilot, "escape")
        assert "NOW" in banner(pilot)
        assert pane_of(pilot).crumbs == ()


async def test_the_state_is_what_the_ledger_says_of_that_instant(mira: DemoDesk) -> None:
    async with bare(mira.desk, REPLAY).run_test(size=(140, 45)) as pilot:
        await settled(pilot)
        now = releases(pilot)
        await travel(pilot, "DEP-0005")
        bad = releases(pilot)
        await travel(pilot, "DEP-0003")
        first = releases(pilot)
        assert set(now) == set(bad) == set(first)  # what held nothing yet is listed as such
        assert len({now["prod/orders"], bad["prod/orders"], first["prod/orders"]}) == 3
        assert "nothing yet" in first["prod/crm"]
        assert stream(pilot).key == str(stream(pilot).total)
        entry = mira.desk.context.ledger.entry(stream(pilot).total)
        assert entry.statement.on["deployment"] == "DEP-0003"


async def test_keys_go_from_event_to_event_and_by_days_from_wherever_the_focus_is(mira: DemoDesk) -> None:
    async with bare(mira.desk, REPLAY).run_test(size=(140, 45)) as pilot:
        await settled(pilot)
        stream(pilot).focus()
        await press(pilot, "left")
        newest = timeline(pilot).key
        assert newest is not None
        await press(pilot, "left")
        assert int(timeline(pilot).key or 0) < int(newest)
        at = timeline(pilot).position
        await press(pilot, "shift+left")
        assert timeline(pilot).position < at
        await press(pilot, "shift+right", "right", "right", "right", "right")
        await press(pilot, *["right"] * 12)
        assert "NOW" in banner(pilot)


@pytest.mark.presses(Replay="t")
async def test_an_instant_can_be_typed(mira: DemoDesk) -> None:
    async with bare(mira.desk, REPLAY).run_test(size=(140, 45)) as pilot:
        await settled(pilot)
        await pilot.press("t")
        await until(pilot, lambda: isinstance(pilot.app.screen, Ask))
        pilot.app.screen.query_one("Input").value = "INC-0001@-30m"
        await press(pilot, "enter")
        assert "PAST" in banner(pilot)
        assert "2026-11-10 02:21" in banner(pilot)
        await pilot.press("t")
        await until(pilot, lambda: isinstance(pilot.app.screen, Ask))
        pilot.app.screen.query_one("Input").value = "the day before yesterday"
        await press(pilot, "enter")
        assert "is no time" in said(pilot)
        assert "2026-11-10 02:21" in banner(pilot)


async def test_an_instant_asked_for_before_anything_is_read_is_kept(mira: DemoDesk) -> None:
    async with bare(mira.desk, REPLAY).run_test(size=(140, 45)) as pilot:
        await frame_of(pilot).go_to("replay", "#72")
        await settled(pilot)
        await pilot.pause(0.2)
        await settled(pilot)
        assert "#72 of" in banner(pilot)


async def test_an_id_that_is_not_there_is_said(mira: DemoDesk) -> None:
    async with bare(mira.desk, REPLAY).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await travel(pilot, "DEP-9999")
        assert "there is no DEP-9999" in said(pilot)
        assert "NOW" in banner(pilot)


async def test_an_instant_that_has_not_come_is_now_and_not_the_past(mira: DemoDesk) -> None:
    async with bare(mira.desk, REPLAY).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await travel(pilot, "2099-01-01T00:00:00Z")
        assert "NOW" in banner(pilot)
        assert "2099-01-01T00:00:00Z" in said(pilot)
        assert "lies ahead" in said(pilot)


@pytest.mark.presses(Replay="d")
async def test_two_marks_are_compared_with_each_other(mira: DemoDesk) -> None:
    async with bare(mira.desk, REPLAY).run_test(size=(140, 45)) as pilot:
        await settled(pilot)
        await travel(pilot, "DEP-0003")
        await press(pilot, "left_square_bracket")
        await travel(pilot, "DEP-0005")
        await press(pilot, "right_square_bracket", "escape", "d")
        await until(pilot, lambda: isinstance(pilot.app.screen, ChangesDialog))
        await settled(pilot)
        changes = pilot.app.screen.query_one(SemanticDiff)._semantic_changes
        # DEP-0004 brought crm, DEP-0005 changed orders: in between nothing else
        assert {change.change for change in changes} == {"added", "changed"}
        assert {part for change in changes for part in change.kind.split("  ")[1:]} == {"prod/crm", "prod/orders"}


async def test_now_with_itself_is_not_compared_and_the_reason_is_said(mira: DemoDesk) -> None:
    async with bare(mira.desk, REPLAY).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await press(pilot, "d")
        assert "[ and ] set marks" in said(pilot)
        await travel(pilot, "#155")
        await press(pilot, "d")
        assert "every environment holds the same release" in said(pilot)


async def test_a_click_on_the_timeline_moves_the_cursor(mira: DemoDesk) -> None:
    async with bare(mira.desk, REPLAY).run_test(size=(140, 45)) as pilot:
        await settled(pilot)
        await pilot.click(Timeline, offset=(3, 1))
        await pilot.pause(0.2)
        await settled(pilot)
        assert "PAST" in banner(pilot)
        assert "2026-11-01" in banner(pilot)
        await pilot.click(Timeline, offset=(138, 1))
        await pilot.pause(0.2)
        await settled(pilot)
        assert "NOW" in banner(pilot)


async def test_an_instant_that_is_asked_for_before_anything_was_read_is_gone_to(mira: DemoDesk) -> None:
    async with bare(mira.desk, REPLAY).run_test(size=(140, 45)) as pilot:
        await settled(pilot)
        pane = pane_of(pilot)
        assert isinstance(pane, Replay)
        pane._instants = None  # as at a start whose deep link was resolved faster than the timeline was read
        pane._timeline.show_ticks((), mira.desk.context.clock.now())
        pane._stand(history.resolve(mira.desk.context, "CR-0003"), "CR-0003")
        pane.show_data(pane.load())
        await settled(pilot)
        assert "PAST" in banner(pilot)


async def test_the_cursor_stays_in_the_past_while_the_ledger_grows(mira: DemoDesk) -> None:
    async with bare(mira.desk, REPLAY).run_test(size=(140, 45)) as pilot:
        await settled(pilot)
        await travel(pilot, "#82")
        size = mira.desk.context.ledger.head().size
        incidents.open_incident(mira.desk.context, mira.desk.me(), title="Late pickups", severity="low")
        await until(pilot, lambda: f"#82 of {size + 1}" in banner(pilot))
        await settled(pilot)
        assert stream(pilot).total == 82
        await press(pilot, "escape")
        assert stream(pilot).total == size + 1


@pytest.mark.presses(Replay="e")
async def test_the_entry_of_the_instant_is_shown(mira: DemoDesk) -> None:
    async with bare(mira.desk, REPLAY).run_test(size=(140, 45)) as pilot:
        await settled(pilot)
        await travel(pilot, "#73")
        await pilot.press("e")
        await until(pilot, lambda: isinstance(pilot.app.screen, EntryDialog))
        assert "#73" in str(pilot.app.screen.query_one("#entry-title", Facts).render())


async def test_somebody_without_a_key_can_look_at_everything(stranger: DemoDesk) -> None:
    async with bare(stranger.desk, REPLAY).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await travel(pilot, "INC-0001")
        assert "PAST" in banner(pilot)
