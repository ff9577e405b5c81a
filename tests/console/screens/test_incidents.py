from __future__ import annotations

from typing import Any

import pytest
from console_scene import screen_text
from screens_scene import SIZES, DemoDesk, armed, bare, listed, pane_of, said, settled, until
from textual.widgets import Input

from console.places import SCREENS
from console.screen import Place
from console.screen.rollback_dialog import ConfirmRollback
from console.screen.words_form import WordsForm
from console.screens.incidents import Incidents
from console.widgets.dialogs import Choose, Confirm
from store.services import incidents
from store.services.glass import holding
from store.services.incidents import viewing

PLACE = Place(key="9", id="incidents", title="Incidents", factory=Incidents, subjects=("INC-", "BG-"))


def fresh(demo: DemoDesk) -> str:
    entry = incidents.open_incident(
        demo.desk.context, demo.actor("mira"), title="Refunds too high", severity="critical", project="orders",
        environment="prod",
    )  # fmt: skip
    return str(entry.statement.on["incident"])


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_an_incident_and_its_timeline_look_like_this(mira: DemoDesk, snap_compare: Any, size: tuple[int, int]) -> None:
    fresh(mira)
    assert snap_compare(bare(mira.desk, PLACE), terminal_size=size, run_before=settled)


async def test_the_timeline_tells_what_was_deployed_around_it_and_what_stood_live(mira: DemoDesk) -> None:
    async with bare(mira.desk, PLACE).run_test(size=(140, 45)) as pilot:
        await settled(pilot)
        text = " ".join(screen_text(pilot.app).split())
        assert "no incident is open" in text
        for words in ("CR-0005 is live", "discount above 1", "mira rolls back", "pinned at entry", "≠ now", "learned"):
            assert words in text


@pytest.mark.presses(Incidents="X c i", LineView="enter")
async def test_an_incident_is_opened_noted_on_and_closed_with_three_answers(mira: DemoDesk) -> None:
    async with bare(mira.desk, PLACE).run_test(size=(140, 45)) as pilot:
        await settled(pilot)
        await pilot.press("i")
        await armed(pilot)
        assert isinstance(pilot.app.screen, Choose)
        await pilot.press("enter")
        await armed(pilot)
        await pilot.press(*"odd", "enter")
        await armed(pilot)
        assert "opened INC-0002" in said(pilot)
        assert listed(pilot).key == "INC-0002", "the cursor is on what was opened"
        await pilot.press("c")
        await armed(pilot)
        await pilot.press(*"seen", "enter")
        await armed(pilot)
        assert "noted on INC-0002" in said(pilot)
        await pilot.press("X")
        await armed(pilot)
        assert isinstance(pilot.app.screen, WordsForm)
        await pilot.press(*"why", "ctrl+s")
        assert isinstance(pilot.app.screen, WordsForm), "all three are needed"
        await pilot.press(*"how", "tab", *"what", "ctrl+s")
        await armed(pilot)
        assert "closed INC-0002" in said(pilot)
    view = viewing.view(mira.desk.context, "mira", "INC-0002")
    assert view.closed is not None
    assert (view.closed.cause, view.closed.fix, view.closed.learned) == ("why", "how", "what")


@pytest.mark.presses(Incidents="B")
async def test_glass_is_broken_with_the_name_of_production_and_reviewed_by_another(mira: DemoDesk) -> None:
    name = fresh(mira)
    async with bare(mira.desk, PLACE).run_test(size=(140, 45)) as pilot:
        await settled(pilot)
        pane_of(pilot).open(name)
        await armed(pilot)
        await pilot.press("B")
        await armed(pilot)
        assert isinstance(pilot.app.screen, Confirm)
        await pilot.press(*"prod", "enter", *"customers", "enter")
        await armed(pilot)
        assert "BG-0001 stands until" in said(pilot)
        assert "STANDS" in screen_text(pilot.app)
        await pilot.press("v")
        await settled(pilot)
        assert "stands until" in said(pilot)
        pane_of(pilot).open("BG-0001")
        await settled(pilot)
        assert pane_of(pilot).subject() == name
    (glass,) = holding.every(mira.desk.context.ledger).values()
    assert (glass.incident, glass.environment, glass.justification) == (name, "prod", "customers")


@pytest.mark.presses(Incidents="L t")
async def test_t_replays_its_start_and_l_shows_its_lineage(mira: DemoDesk) -> None:
    async with bare(mira.desk, *SCREENS).run_test(size=(140, 45)) as pilot:
        await pilot.press("9")
        await settled(pilot)
        await pilot.press("t")
        await settled(pilot)
        assert pane_of(pilot).id == "replay"
        assert "PAST" in screen_text(pilot.app)
        await pilot.press("9")
        await settled(pilot)
        await pilot.press("L")
        await settled(pilot)
        assert pane_of(pilot).id == "lineage"


async def test_a_closed_incident_takes_nothing_more_and_says_so(mira: DemoDesk) -> None:
    async with bare(mira.desk, PLACE).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        for key in "cPRBX":
            await pilot.press(key)
            await settled(pilot)
            assert "INC-0001 is closed" in said(pilot)


async def test_who_may_not_close_or_break_is_told_who_could(theo: DemoDesk) -> None:
    name = fresh(theo)
    async with bare(theo.desk, PLACE).run_test(size=(140, 45)) as pilot:
        await settled(pilot)
        pane_of(pilot).open(name)
        await armed(pilot)
        assert "X closes it" not in screen_text(pilot.app)
        assert "c adds a note" in screen_text(pilot.app).split("\n")[2]
        for key, words in (("X", "may not open an incident"), ("B", "may not break glass")):
            await pilot.press(key)
            await settled(pilot)
            assert words in said(pilot)
            assert "mira" in said(pilot)


async def test_a_rollback_from_an_incident_begins_its_reason_with_it(mira: DemoDesk) -> None:
    incident = fresh(mira)
    async with bare(mira.desk, PLACE).run_test(size=(140, 45)) as pilot:
        await settled(pilot)
        pane_of(pilot).open(incident)
        await armed(pilot)
        await pilot.press("R")
        await until(pilot, lambda: isinstance(pilot.app.screen, ConfirmRollback))
        assert pilot.app.screen.query_one("#reason", Input).value == incident
