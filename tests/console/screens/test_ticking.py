"""Ticking off in the console: the checklist of a request, and the steps of a playbook."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from console_scene import screen_text
from screens_scene import DemoDesk, bare, said, settled, until, words
from textual.pilot import Pilot

from console.screen import Place
from console.screens.approvals import Approvals
from console.screens.triage import Triage
from console.widgets.dialogs import Ask, Choose
from console.widgets.tick_list import TickDialog
from store.domain import events as ev
from store.errors import Refusal
from store.services import incidents
from store.services.incidents import playbooks
from store.services.requests import requests, ticking

APPROVALS = Place(key="2", id="approvals", title="Approvals", factory=Approvals, subjects=("CR-",))
TRIAGE = Place(key="1", id="triage", title="Triage", factory=Triage)


@pytest.fixture
def request_id(mira: DemoDesk) -> str:
    """A request of the kind config-tweak, handed in by theo for dev."""
    context, theo = mira.desk.context, mira.actor("theo")
    content = ev.RequestContent(
        title="Wait longer", why="time-outs", what="60 s", success="none", rollback_plan="back", risk="low",
        template="config-tweak",
    )  # fmt: skip
    entry = requests.open_request(context, theo, project="orders", environment="staging", content=content)
    request = str(entry.statement.on["request"])
    requests.submit(context, theo, request)
    return request


async def opened(pilot: Pilot[Any], kind: type[Any]) -> None:
    await until(pilot, lambda: isinstance(pilot.app.screen, kind))
    await settled(pilot)


async def open_checklist(pilot: Pilot[Any], request_id: str) -> None:
    await settled(pilot)
    pilot.app.query_one(Approvals).open(request_id)
    await settled(pilot)
    await pilot.press("T")
    await opened(pilot, TickDialog)


@pytest.mark.presses(Approvals="T")
async def test_a_checklist_is_ticked_item_by_item_and_approving_waits_for_it(mira: DemoDesk, request_id: str) -> None:
    context = mira.desk.context
    async with bare(mira.desk, APPROVALS).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        pilot.app.query_one(Approvals).open(request_id)
        await settled(pilot)
        await pilot.press("a")
        await settled(pilot)
        assert "not ticked on the checklist: the old value is in the rollback plan" in said(pilot)
        await pilot.press("T")
        await opened(pilot, TickDialog)
        assert "0 of 2 ticked" in words(pilot)
        await pilot.press("enter")
        await settled(pilot)
        assert not [item for item in ticking.checklist(context, request_id) if item.by], "enter ticks nothing"
        await pilot.press("space")
        await until(pilot, lambda: "1 of 2 ticked" in words(pilot))
        await settled(pilot)
        second = ticking.checklist(context, request_id)[1].item
        about = str(pilot.app.screen.query_one("#tick-about").render())
        assert (second in about, "not ticked yet" in about) == (True, True), "it says what the cursor is on"
        await pilot.press("c")
        await opened(pilot, Ask)
        await pilot.press(*"30 s", "enter")
        await until(pilot, lambda: "2 of 2 ticked" in words(pilot))
        assert "✓ mira" in words(pilot)
        assert [(item.by, item.note) for item in ticking.checklist(context, request_id)] == [
            ("mira", ""), ("mira", "30 s"),
        ]  # fmt: skip
        await settled(pilot)
        await pilot.press("space", "escape")
        await until(pilot, lambda: not isinstance(pilot.app.screen, TickDialog))
        await settled(pilot)
        await pilot.press("a")
        await until(pilot, lambda: pilot.app.screen.__class__.__name__ == "Approval")


async def test_what_is_typed_while_a_tick_is_signed_reaches_nothing_behind_and_ticks_nothing_else(
    mira: DemoDesk, request_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    context, signing, go_on = mira.desk.context, threading.Event(), threading.Event()
    genuine = ticking.tick

    def slow(*given: Any, **named: Any) -> Any:
        signing.set()
        assert go_on.wait(60)
        return genuine(*given, **named)

    monkeypatch.setattr(ticking, "tick", slow)
    async with bare(mira.desk, APPROVALS).run_test(size=(80, 24)) as pilot:
        await open_checklist(pilot, request_id)
        await pilot.press("space")
        await until(pilot, signing.is_set)
        await pilot.press("space", "x", "a", "c", "q", "escape")
        assert isinstance(pilot.app.screen, TickDialog), "neither a dialog of the screen behind nor closed"
        go_on.set()
        await until(pilot, lambda: "1 of 2 ticked" in words(pilot))
        await settled(pilot)
        assert isinstance(pilot.app.screen, TickDialog)
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(pilot.app.screen, TickDialog))
    assert [bool(item.by) for item in ticking.checklist(context, request_id)] == [True, False]


async def test_a_tick_that_is_refused_closes_the_list_and_says_why(
    mira: DemoDesk, request_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_given: Any, **_named: Any) -> Any:
        raise Refusal(["somebody edited it"])

    monkeypatch.setattr(ticking, "tick", refused)
    async with bare(mira.desk, APPROVALS).run_test(size=(80, 24)) as pilot:
        await open_checklist(pilot, request_id)
        await pilot.press("space")
        await until(pilot, lambda: not isinstance(pilot.app.screen, TickDialog))
        await settled(pilot)
        assert "somebody edited it" in said(pilot)


async def test_whoever_may_not_approve_sees_the_checklist_and_why_it_is_locked(
    theo: DemoDesk,
) -> None:
    context = theo.desk.context
    content = ev.RequestContent(
        title="t", why="w", what="x", success="s", rollback_plan="r", risk="low", template="config-tweak"
    )
    entry = requests.open_request(context, theo.actor("theo"), project="orders", environment="staging", content=content)
    request = str(entry.statement.on["request"])
    requests.submit(context, theo.actor("theo"), request)
    async with bare(theo.desk, APPROVALS).run_test(size=(60, 20)) as pilot:
        await settled(pilot)
        pilot.app.query_one(Approvals).open(request)
        await settled(pilot)
        await pilot.press("T")
        await opened(pilot, TickDialog)
        await pilot.press("space")
        await settled(pilot)
        assert "locked" in words(pilot)
    assert not [item for item in ticking.checklist(context, request) if item.by]


@pytest.mark.presses(Triage="P")
async def test_a_playbook_is_started_for_an_incident_and_its_steps_are_ticked_with_notes(mira: DemoDesk) -> None:
    context = mira.desk.context
    entry = incidents.open_incident(context, mira.actor("mira"), title="orders stand still", severity="critical")
    incident = str(entry.statement.on["incident"])
    async with bare(mira.desk, TRIAGE).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        pilot.app.query_one(Triage).open(incident)
        await settled(pilot)
        await pilot.press("P")
        await opened(pilot, Choose)
        assert incident in words(pilot)
        pilot.app.screen.query_one("KeyedTable").select("new rollback")
        await pilot.press("enter")
        await opened(pilot, TickDialog)
        assert "0 of 6 ticked" in words(pilot)
        await pilot.press("down", "c")
        await opened(pilot, Ask)
        await pilot.press(*"dry run", "enter")
        await until(pilot, lambda: "1 of 6 ticked" in words(pilot))
        await settled(pilot)
        await pilot.press("escape")
        await settled(pilot)
        await pilot.press("colon", *"playbook", "enter")
        await opened(pilot, Choose)
    (run,) = playbooks.runs(context.ledger).values()
    assert [(step.by, step.note) for step in run.steps[:2]] == [(None, ""), ("mira", "dry run")]


@pytest.mark.parametrize("size", [(80, 24), (140, 45)])
def test_a_checklist_looks_like_this(snap_compare: Any, mira: DemoDesk, request_id: str, size: tuple[int, int]) -> None:
    async def look(pilot: Pilot[Any]) -> None:
        ticking.tick(mira.desk.context, mira.actor("mira"), request_id, "1", note="read every line")
        await open_checklist(pilot, request_id)

    assert snap_compare(bare(mira.desk, APPROVALS), terminal_size=size, run_before=look)


async def test_a_request_without_a_checklist_offers_none_and_says_why(mira: DemoDesk) -> None:
    async with bare(mira.desk, APPROVALS).run_test(size=(200, 50)) as pilot:
        await settled(pilot)
        pilot.app.query_one(Approvals).open("CR-0010")
        await settled(pilot)
        assert "T Checklist" not in screen_text(pilot.app).split("\n")[-1]
        await pilot.press("T")
        await settled(pilot)
        assert "its template asks for no checklist" in said(pilot)
