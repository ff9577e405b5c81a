"""Keys of the screens that no other test presses to their end: each does what it says, in the ledger or on screen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from console_scene import screen_text
from screens_scene import DemoDesk, armed, bare, frame_of, open_demo, pane_of, said, settled, until
from textual.pilot import Pilot
from textual.screen import ModalScreen

from console.app import SCREENS, Console
from console.screen.entry_dialog import EntryDialog
from console.screen.explain_dialog import ExplainDialog
from console.screen.request_form import RequestForm
from console.screen.rollback_dialog import ConfirmRollback
from console.screens.approvals import Approvals
from console.screens.replay import Replay
from console.widgets.dialogs import Ask, Choose, Confirm
from console.widgets.form_fields import FormField
from console.widgets.growing_table import GrowingTable
from console.widgets.semantic_diff import SemanticDiff
from console.widgets.tick_list import TickDialog
from console.widgets.timeline import Timeline
from store.domain import events as ev
from store.services import incidents
from store.services.acting import perform
from store.services.drift import drifting
from store.services.requests import approving, requests


@dataclass(frozen=True)
class At:
    """Somebody at the whole console."""

    demo: DemoDesk
    pilot: Pilot[Any]

    async def go(self, place: str, subject: str | None = None) -> None:
        await frame_of(self.pilot).go_to(place, subject)
        await armed(self.pilot)

    async def asked(self, key: str, dialog: type[ModalScreen[Any]]) -> None:
        """Press a key and wait until what it opens takes keys itself."""
        await self.pilot.press(key)
        await until(self.pilot, lambda: isinstance(self.pilot.app.screen, dialog))
        await armed(self.pilot)

    async def says(self, words: str) -> None:
        await until(self.pilot, lambda: words in said(self.pilot))
        await armed(self.pilot)

    async def close(self, key: str = "escape") -> None:
        await self.pilot.press(key)
        await until(self.pilot, lambda: not isinstance(self.pilot.app.screen, ModalScreen))
        await settled(self.pilot)

    async def lands(self, key: str, place: str) -> None:
        """Press a key that goes elsewhere."""
        await self.pilot.press(key)
        await until(self.pilot, lambda: pane_of(self.pilot).id == place)
        await settled(self.pilot)

    def newest(self) -> Any:
        return next(self.demo.desk.context.ledger.entries(newest_first=True, limit=1)).statement

    def text(self) -> str:
        return screen_text(self.pilot.app)


def console(demo: DemoDesk) -> Console:
    return bare(demo.desk, *SCREENS)


@pytest.mark.presses(Triage="c d x e")
async def test_from_home_a_request_is_looked_into_commented_on_and_refused(mira: DemoDesk) -> None:
    async with console(mira).run_test(size=(140, 45)) as pilot:
        at = At(mira, pilot)
        await at.go("triage", "CR-0010")
        before = at.text()
        await pilot.press("d")
        await settled(pilot)
        assert at.text() != before
        await at.asked("e", EntryDialog)
        await at.close()
        await at.asked("c", Ask)
        await pilot.press(*"why now?", "enter")
        await at.says("noted on CR-0010")
        assert "why now?" in at.newest().data.values()
        await at.asked("x", Confirm)
        await pilot.press(*"no contract", "enter")
        await at.says("refused CR-0010")
        assert at.newest().kind == "approval.refused"


@pytest.mark.presses(Triage="D")
async def test_from_home_an_approved_request_is_deployed(mira: DemoDesk) -> None:
    context = mira.desk.context
    drifting.acknowledge(context, mira.actor("mira"), "DR-0002", note="the release removes it")
    for name in ("ines", "mira"):
        approving.approve(context, mira.actor(name), "CR-0010")
    async with console(mira).run_test(size=(140, 45)) as pilot:
        at = At(mira, pilot)
        await at.go("triage", "CR-0010")
        await at.asked("D", Confirm)
        await pilot.press(*"prod", "enter")
        await at.says("CR-0010 is live in prod")
        assert at.newest().kind == "deployment.verified"


@pytest.mark.presses(Drift="A", Triage="plus", Lineage="plus")
async def test_drift_is_acknowledged_and_a_request_written_from_home_and_from_the_lineage(mira: DemoDesk) -> None:
    async with console(mira).run_test(size=(140, 45)) as pilot:
        at = At(mira, pilot)
        await at.go("drift", "DR-0002")
        await at.asked("A", Ask)
        await pilot.press(*"known", "enter")
        await at.says("acknowledged DR-0002")
        assert (at.newest().kind, at.newest().data["note"]) == ("drift.acknowledged", "known")
        for place, subject in (("triage", "CR-0010"), ("lineage", "CR-0007")):
            await at.go(place, subject)
            await at.asked("plus", Choose)
            while isinstance(pilot.app.screen, Choose):
                front = pilot.app.screen
                await pilot.press("enter")
                await until(pilot, lambda front=front: pilot.app.screen is not front)
                await armed(pilot)
            assert isinstance(pilot.app.screen, RequestForm)
            for words in ("Rush", "why", "what", "impact", "seen", "back", "none"):
                await pilot.press(*words, "tab")
            await pilot.press("ctrl+t")
            await until(pilot, lambda: at.newest().kind == "request.opened")
            await armed(pilot)
            assert "Rush" in str(at.newest().data)


def glass(demo: DemoDesk, name: str) -> str:
    """Break glass for a new incident as mira; return the incident."""
    context = demo.desk.context
    opened = incidents.open_incident(
        context, demo.actor("mira"), title="orders stand still", severity="critical", project="orders",
        environment="prod",
    )  # fmt: skip
    incident = str(opened.statement.on["incident"])
    broken = ev.GlassBroken(
        glass=name, incident=incident, environment="prod", project="orders", until="2026-11-23T16:02:00.000Z",
        justification="orders are lost every minute", review_due="2026-11-24T16:02:00.000Z", policy="0" * 64,
    )  # fmt: skip
    perform(context, demo.actor("mira"), lambda _: [broken])
    return incident


@pytest.mark.presses(Triage="v", Incidents="v")
async def test_glass_that_was_broken_is_reviewed_by_another(demo: Path, tmp_path: Path) -> None:
    juno = open_demo(demo, tmp_path / "juno", "juno")
    places = {"triage": "BG-0001", "incidents": "INC-0003"}
    assert [glass(juno, "BG-0001"), glass(juno, "BG-0002")] == ["INC-0002", "INC-0003"]
    juno.clock.at += timedelta(hours=3)
    async with console(juno).run_test(size=(140, 45)) as pilot:
        at = At(juno, pilot)
        for place, subject in places.items():
            await at.go(place, subject)
            await at.asked("v", Ask)
            await pilot.press(*"fair", "enter")
            await until(pilot, lambda: at.newest().kind == "glass.reviewed")
            await armed(pilot)
            assert (at.newest().actor, at.newest().data["note"]) == ("juno", "fair")
    juno.desk.context.ledger.close()


@pytest.mark.presses(Incidents="R P e y", Lineage="P")
async def test_an_incident_is_worked_through_by_its_playbook_and_rolled_back(mira: DemoDesk) -> None:
    incident = glass(mira, "BG-0001")
    async with console(mira).run_test(size=(140, 45)) as pilot:
        at = At(mira, pilot)
        await at.go("incidents", incident)
        await pilot.press("y")
        await at.says(f"copied  {incident}")
        await at.asked("e", EntryDialog)
        await at.close()
        await at.asked("P", Choose)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, TickDialog))
        await armed(pilot)
        assert at.newest().kind == "playbook.started"
        await at.close()
        await at.go("lineage", incident)
        await at.asked("P", Choose)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, TickDialog))
        await armed(pilot)
        await pilot.press("space")
        await until(pilot, lambda: at.newest().kind == "playbook.ticked")
        await armed(pilot)
        await at.close()
        await at.go("incidents", incident)
        await at.asked("R", ConfirmRollback)
        await pilot.press(*"prod", "enter", *"stand still", "enter")
        await at.says("verified DEP-0012")
        kinds = [entry.statement.kind for entry in mira.desk.context.ledger.entries(newest_first=True, limit=4)]
        assert "deployment.verified" in kinds


@pytest.mark.presses(Findings="i t e y L", Connectors="t e y", Health="p", Frame="backspace")
async def test_findings_connectors_and_health_lead_to_their_entries_and_instants(mira: DemoDesk) -> None:
    async with console(mira).run_test(size=(140, 45)) as pilot:
        at = At(mira, pilot)
        await at.go("findings", "FND-0001")
        await pilot.press("y")
        await at.says("copied  FND-0001")
        await at.asked("e", EntryDialog)
        await at.close()
        await pilot.press("escape")
        await at.lands("L", "lineage")
        await at.lands("backspace", "findings")
        await at.lands("t", "replay")
        assert "PAST" in at.text()
        await at.go("findings", "AN-0001")
        await at.asked("i", Choose)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, Ask))
        await armed(pilot)
        await pilot.press(*"odd", "enter")
        await at.says("opened INC-0002")
        assert at.newest().kind == "incident.opened"
        await at.go("connectors")
        await pilot.press("y")
        await at.says("copied  ")
        await at.asked("e", EntryDialog)
        await at.close()
        await at.lands("t", "replay")
        await at.go("health")
        await pilot.press("p")
        await settled(pilot)
        assert getattr(pilot.app.screen.focused, "id", "") == "policy"


def draft(demo: DemoDesk) -> str:
    """Open a request as theo and leave it a draft."""
    content = ev.RequestContent(
        title="Wait longer", why="time-outs", what="60 s", success="none", rollback_plan="back", risk="low",
        template="config-tweak",
    )  # fmt: skip
    context = demo.desk.context
    entry = requests.open_request(context, demo.actor("theo"), project="orders", environment="staging", content=content)
    return str(entry.statement.on["request"])


@pytest.mark.presses(
    Approvals="S ctrl+e e f w W", ExplainDialog="q escape o", EntryDialog="h l left right q escape y",
    FormDialog="ctrl+down ctrl+up pagedown pageup escape", RequestForm="ctrl+t",
)  # fmt: skip
async def test_a_draft_is_edited_handed_in_and_read_from_every_side(theo: DemoDesk) -> None:
    request = draft(theo)
    async with console(theo).run_test(size=(100, 40)) as pilot:
        at = At(theo, pilot)
        await at.go("approvals", request)
        await at.asked("ctrl+e", RequestForm)
        form = pilot.app.screen

        def field() -> str:
            assert form.focused is not None
            return next(one.field for one in form.query(FormField) if one in form.focused.ancestors)

        first = field()
        for down, up in (("ctrl+down", "ctrl+up"), ("pagedown", "pageup")):
            await pilot.press(down)
            assert field() != first
            await pilot.press(up)
            assert field() == first
        await pilot.press("X", "ctrl+t")
        await until(pilot, lambda: at.newest().kind == "request.edited")
        await armed(pilot)
        await at.asked("ctrl+e", RequestForm)
        await at.close()
        await pilot.press("S")
        await until(pilot, lambda: requests.change_of(theo.desk.context.ledger, request).state != "draft")
        await armed(pilot)
        await at.go("approvals", "CR-0007")
        await pilot.press("f")
        await settled(pilot)
        assert pane_of(pilot).has_class("-facts")
        await pilot.press("f")
        pane_of(pilot).query_one("#facts-scroll").focus()
        noise = pane_of(pilot).query_one(SemanticDiff).noise
        await pilot.press("w")
        assert pane_of(pilot).query_one(SemanticDiff).noise is not noise
        for key in ("q", "escape"):
            await at.asked("W", ExplainDialog)
            await pilot.press("o")
            await settled(pilot)
            await at.close(key)
            await at.asked("e", EntryDialog)
            shown = [at.text()]
            for step in ("h", "left", "l", "right"):
                await pilot.press(step)
                await settled(pilot)
                shown.append(at.text())
            assert len(set(shown)) == 3
            assert shown[0] == shown[4]
            await pilot.press("y")
            await until(pilot, lambda: "copied" in at.text())
            await at.close(key)
        assert isinstance(pane_of(pilot), Approvals)


@pytest.mark.presses(
    Timeline="g G home end h l left right H L shift+left shift+right left_square_bracket right_square_bracket",
    Replay="left right shift+left shift+right left_square_bracket right_square_bracket",
)  # fmt: skip
async def test_time_is_walked_from_the_timeline_and_from_beside_it(mira: DemoDesk) -> None:
    async with console(mira).run_test(size=(140, 45)) as pilot:
        at = At(mira, pilot)
        await at.go("replay")
        replay = pane_of(pilot)
        assert isinstance(replay, Replay)
        line = replay.query_one(Timeline)
        now = line.position

        async def walked(*keys: str) -> list[int]:
            found = []
            for key in keys:
                await pilot.press(key)
                await settled(pilot)
                found.append(line.position)
            return found

        line.focus()
        assert await walked("left", "h", "l", "right") == [now - 1, now - 2, now - 1, now]
        back, further, nearer, again = await walked("shift+left", "H", "L", "shift+right")
        assert further < back < now
        assert further < nearer < again
        assert await walked("g", "G", "home", "end") == [0, now, 0, now]
        for where in (line, replay.query_one(GrowingTable)):
            where.focus()
            await settled(pilot)
            await walked("left", "left_square_bracket", "left", "right_square_bracket")
            start, end = line.marks
            assert start is not None
            assert end is not None
            await walked("right_square_bracket", "right", "left_square_bracket")
            assert line.marks == (None, None)
            back, again = await walked("shift+left", "shift+right")
            assert back < again
            await walked("right")
            await pilot.press("escape")
            await settled(pilot)
