from __future__ import annotations

from typing import Any

import pytest
from console_scene import screen_text
from screens_scene import SIZES, DemoDesk, armed, bare, frame_of, pane_of, said, settled, until
from textual.pilot import Pilot

from console.app import Console
from console.personal.memory import LeftOff
from console.screen import Place
from console.screen.entry_dialog import EntryDialog
from console.screen.rollback_dialog import ConfirmRollback
from console.screens.lineage import Lineage
from console.widgets.change_panel import ChangePanel
from console.widgets.keyed_tree import KeyedTree
from console.widgets.text_view import Facts
from store.services import incidents
from store.services.drift import drifting
from store.services.lineage import lineage_tree
from store.services.requests import commenting

LINEAGE = Place(key="3", id="lineage", title="Lineage", factory=Lineage, subjects=("DEP-", "INC-"))
PROD = ("orders", "orders@prod")


def tree(pilot: Pilot[Any]) -> KeyedTree:
    return pilot.app.query_one(KeyedTree)


def about(pilot: Pilot[Any]) -> str:
    return str(pilot.app.query_one("#about Facts", Facts).render())


async def go(pilot: Pilot[Any], subject: str) -> None:
    await settled(pilot)
    pilot.app.query_one(Lineage).open(subject)
    await settled(pilot)


@pytest.mark.parametrize("size", SIZES)
def test_the_tree_and_what_is_known_of_a_request(snap_compare: Any, mira: DemoDesk, size: tuple[int, int]) -> None:
    async def look(pilot: Pilot[Any]) -> None:
        await go(pilot, "CR-0007")
        await pilot.press("right")
        await settled(pilot)

    assert snap_compare(bare(mira.desk, LINEAGE), terminal_size=size, run_before=look)


async def test_it_opens_on_what_is_wrong(mira: DemoDesk) -> None:
    async with bare(mira.desk, LINEAGE).run_test(size=(140, 45)) as pilot:
        await settled(pilot)
        assert tree(pilot).key == "DR-0002"
        first = str(pilot.app.query_one("#headline", Facts).render())
        assert first.startswith("! live differs from desired: orders")


async def test_a_subject_is_opened_however_deep_it_stands(mira: DemoDesk) -> None:
    async with bare(mira.desk, LINEAGE).run_test(size=(140, 45)) as pilot:
        for subject, path in {
            "CR-0004": ("crm", "crm@prod", "CR-0004"),
            "DEP-0005": (*PROD, "CR-0005", "DEP-0005"),
            "DEP-0006": (*PROD, "DEP-0006"),
            "DR-0001": ("crm", "crm@prod", "DR-0001"),
            "INC-0001": ("orders", "INC-0001"),
            "orders@staging": ("orders", "orders@staging"),
            "crm": ("crm",),
        }.items():
            await go(pilot, subject)
            assert tree(pilot).path == path
            assert pilot.app.query_one(Lineage).crumbs == (path[-1],)


async def test_an_id_that_does_not_exist_is_said(mira: DemoDesk) -> None:
    async with bare(mira.desk, LINEAGE).run_test(size=(100, 30)) as pilot:
        await go(pilot, "CR-4711")
        assert "there is nothing named 'CR-4711'" in said(pilot)


async def test_branches_are_read_when_they_are_opened(mira: DemoDesk) -> None:
    async with bare(mira.desk, LINEAGE).run_test(size=(140, 45)) as pilot:
        await go(pilot, "CR-0007")
        shown = tree(pilot).paths
        assert not any(path[:3] == (*PROD, "CR-0007") and len(path) > 3 for path in shown)
        await pilot.press("space")
        await settled(pilot)
        below = [path[3] for path in tree(pilot).paths if path[:3] == (*PROD, "CR-0007") and len(path) == 4]
        assert "DEP-0008" in below
        assert sum(key.startswith("#") for key in below) == 5  # four gates, one approval
        assert tree(pilot).key == "CR-0007"
        await pilot.press("right", "left", "left")
        await settled(pilot)
        assert tree(pilot).paths == shown


async def test_arrows_walk_in_and_out(mira: DemoDesk) -> None:
    async with bare(mira.desk, LINEAGE).run_test(size=(140, 45)) as pilot:
        await go(pilot, "CR-0001")
        await pilot.press("right")
        await settled(pilot)
        await pilot.press("right")
        assert tree(pilot).path is not None
        assert tree(pilot).path[:-1] == ("orders", "orders@dev", "CR-0001")
        await pilot.press("left")
        assert tree(pilot).key == "CR-0001"
        await pilot.press("left", "left")
        assert tree(pilot).key == "orders@dev"


async def test_a_search_reads_what_has_not_been_opened(mira: DemoDesk) -> None:
    async with bare(mira.desk, LINEAGE).run_test(size=(140, 45)) as pilot:
        await settled(pilot)
        await pilot.press("slash", *"finance")
        await settled(pilot)
        paths = tree(pilot).paths
        hits = [path for path in paths if path[-1].startswith("#")]
        assert {path[2] for path in hits} == {"CR-0006", "CR-0007"}  # approved because of finance
        assert not any("crm" in path for path in paths)
        await pilot.press("enter")
        await settled(pilot)
        assert tree(pilot).has_focus
        first = tree(pilot).path
        await pilot.press("n")
        assert tree(pilot).path != first
        await pilot.press("escape")
        await settled(pilot)
        assert ("crm",) in tree(pilot).paths


async def test_the_cursor_follows_its_node_when_the_ledger_grows(mira: DemoDesk) -> None:
    context = mira.desk.context
    async with bare(mira.desk, LINEAGE).run_test(size=(140, 45)) as pilot:
        await go(pilot, "CR-0003")
        row = tree(pilot).cursor
        for number in range(3):
            incidents.open_incident(
                context, mira.actor("mira"), title=f"{number}", severity="low", project="crm", environment="prod"
            )
        await until(pilot, lambda: ("crm", "INC-0004") in tree(pilot).paths)
        await settled(pilot)
        assert tree(pilot).key == "CR-0003"
        assert tree(pilot).cursor == row + 3


async def test_what_is_shown_of_a_node_follows_the_ledger(mira: DemoDesk) -> None:
    async with bare(mira.desk, LINEAGE).run_test(size=(140, 45)) as pilot:
        await go(pilot, "DR-0002")
        assert "○ open" in about(pilot)
        drifting.acknowledge(mira.desk.context, mira.actor("mira"), "DR-0002", note="seen")
        await until(pilot, lambda: "acknowledged" in about(pilot))


async def test_a_request_shows_who_asked_who_approved_and_what_changed(mira: DemoDesk) -> None:
    async with bare(mira.desk, LINEAGE).run_test(size=(140, 45)) as pilot:
        await go(pilot, "CR-0007")
        for words in ("Discounts, capped", "by theo", "✓ ines", "✓ 4 pass", "DEP-0008", "INC-0001: discounts"):
            assert words in about(pilot)
        panel = pilot.app.query_one(ChangePanel)
        assert panel.is_on_screen
        assert [change.name for change in panel._panel_changes] == ["Order intake"]


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (120, 30), (200, 50)])
async def test_every_size_shows_the_tree_and_the_node(mira: DemoDesk, size: tuple[int, int]) -> None:
    async with bare(mira.desk, LINEAGE).run_test(size=size) as pilot:
        await go(pilot, "CR-0007")
        assert tree(pilot).visible_rows() >= 6
        assert pilot.app.query_one("#about Facts").is_on_screen


@pytest.mark.presses(Lineage="d")
async def test_d_gives_the_change_all_the_room(mira: DemoDesk) -> None:
    async with bare(mira.desk, LINEAGE).run_test(size=(80, 24)) as pilot:
        await go(pilot, "CR-0007")
        await pilot.press("d")
        await settled(pilot)
        assert not tree(pilot).display
        assert pilot.app.query_one(ChangePanel).size.height >= 10
        await pilot.press("escape")
        await settled(pilot)
        assert tree(pilot).display
        assert tree(pilot).has_focus


async def test_rolling_back_to_the_release_under_the_cursor(mira: DemoDesk) -> None:
    async with bare(mira.desk, LINEAGE).run_test(size=(100, 30)) as pilot:
        await go(pilot, "CR-0003")  # the request whose release was live before
        await pilot.press("R")
        await until(pilot, lambda: isinstance(pilot.app.screen, ConfirmRollback))
        await armed(pilot)
        assert "takes back CR-0007" in "\n".join(str(found.render()) for found in pilot.app.screen.query(Facts))
        await pilot.press(*"prod", "enter", *"why", "enter")
        await until(pilot, lambda: "verified DEP-0012" in said(pilot))
        await until(pilot, lambda: (*PROD, "DEP-0012") in tree(pilot).paths)
        assert tree(pilot).key == "CR-0003"
        await settled(pilot)
        await pilot.press("R")
        await pilot.pause()
        assert "is what should be live on prod already" in said(pilot)


async def test_r_on_a_drift_pushes_the_desired_release_over_it(mira: DemoDesk) -> None:
    async with bare(mira.desk, LINEAGE).run_test(size=(100, 30)) as pilot:
        await go(pilot, "DR-0002")
        await pilot.press("R")
        await until(pilot, lambda: isinstance(pilot.app.screen, ConfirmRollback))
        facts = "\n".join(str(found.render()) for found in pilot.app.screen.query(Facts))
        assert "desired over DR-0002" in facts
        await pilot.press("escape")
        await until(pilot, lambda: "nothing was changed" in said(pilot))


@pytest.mark.parametrize(
    ("subject", "why"),
    [
        ("DEP-0008", "is what should be live on prod already"),
        ("CR-0010", "CR-0010 was never live on prod"),
        ("DEP-0005", "is in quarantine"),
        ("INC-0001", "put the cursor on a deployment"),
        ("orders@dev", "there is no earlier release"),
    ],
)
async def test_a_rollback_that_cannot_be_says_why(mira: DemoDesk, subject: str, why: str) -> None:
    async with bare(mira.desk, LINEAGE).run_test(size=(100, 30)) as pilot:
        await go(pilot, subject)
        await pilot.press("R")
        await pilot.pause()
        assert why in said(pilot)


async def test_who_may_not_roll_back_is_told_who_could(theo: DemoDesk) -> None:
    async with bare(theo.desk, LINEAGE).run_test(size=(100, 30)) as pilot:
        await go(pilot, "DEP-0006")
        await pilot.press("R")
        await pilot.pause()
        assert "theo may not roll back on orders/prod" in said(pilot)
        assert "→ mira could do it" in said(pilot)


@pytest.mark.presses(Lineage="e t", Pane="y")
async def test_e_t_and_y_speak_of_the_node(mira: DemoDesk) -> None:
    opened: list[str] = []

    class Replay(Lineage):
        def open(self, subject: str) -> None:
            opened.append(subject)

    replay = Place(key="5", id="replay", title="Replay", factory=Replay)
    async with bare(mira.desk, LINEAGE, replay).run_test(size=(100, 30)) as pilot:
        await go(pilot, "DEP-0006")
        await pilot.press("y")
        await pilot.pause()
        assert "copied  DEP-0006" in said(pilot)
        await pilot.press("e")
        await until(pilot, lambda: isinstance(pilot.app.screen, EntryDialog))
        await pilot.press("escape", "t")
        await settled(pilot)
        front = frame_of(pilot).pane
        assert front is not None
        assert front.id == "replay"
    with mira.desk.context.ledger.reading():
        started = next(mira.desk.context.ledger.entries(on={"deployment": "DEP-0006"}))
    assert opened == [str(started.seq)]


async def test_a_long_history_is_read_page_by_page(mira: DemoDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lineage_tree, "PAGE", 2)
    async with bare(mira.desk, LINEAGE).run_test(size=(140, 45)) as pilot:
        await settled(pilot)
        here = [path[-1] for path in tree(pilot).paths if path[:2] == PROD and len(path) == 3]
        assert here == ["DR-0002", "CR-0010", "older@prod/orders"]
        tree(pilot).select((*PROD, "older@prod/orders"))
        await pilot.press("enter")
        await settled(pilot)
        here = [path[-1] for path in tree(pilot).paths if path[:2] == PROD and len(path) == 3]
        assert here == ["DR-0002", "CR-0010", "CR-0007", "DEP-0006", "older@prod/orders"]


async def test_an_incident_of_no_project_has_a_place_in_the_tree(mira: DemoDesk) -> None:
    incidents.open_incident(mira.desk.context, mira.actor("mira"), title="the pager is silent", severity="low")
    async with bare(mira.desk, LINEAGE).run_test(size=(140, 45)) as pilot:
        await settled(pilot)
        pane_of(pilot).open("INC-0002")
        await settled(pilot)
        assert "(no project)" in screen_text(pilot.app)
        assert "the pager is silent" in screen_text(pilot.app)
        assert pane_of(pilot).crumbs == ("INC-0002",)


async def test_comments_and_exports_lead_to_their_entries(mira: DemoDesk) -> None:
    commenting.comment(mira.desk.context, mira.actor("ines"), "CR-0010", "Order intake", "why POST?")
    async with bare(mira.desk, LINEAGE).run_test(size=(140, 45)) as pilot:
        await settled(pilot)
        pane_of(pilot).open("CR-0010")
        await settled(pilot)
        await pilot.press("enter")
        await settled(pilot)
        assert "comment open ines on Order intake: why POST?" in screen_text(pilot.app)
        await pilot.press("j", "e")
        await until(pilot, lambda: isinstance(pilot.app.screen, EntryDialog))
        assert "artifact.ingested" in screen_text(pilot.app)


async def test_a_link_shows_its_node_also_where_the_tree_is_longer_than_the_terminal(mira: DemoDesk) -> None:
    start = LeftOff(place="lineage", subject="DEP-0006")
    async with Console(mira.desk, palette="truecolor", start=start).run_test(size=(60, 20)) as pilot:
        await settled(pilot)
        await until(pilot, lambda: pane_of(pilot).query_one(KeyedTree).key == "DEP-0006")
        await settled(pilot)
        tree = pane_of(pilot).query_one(KeyedTree)
        assert tree.scroll_offset.y <= tree.cursor < tree.scroll_offset.y + tree.visible_rows()
