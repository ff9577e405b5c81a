from __future__ import annotations

import shutil
from typing import Any

import pytest
from screens_scene import SIZES, DemoDesk, armed, bare, said, settled, until
from textual.pilot import Pilot

from console.screen import Place
from console.screen.rollback_dialog import ConfirmRollback
from console.screens.lineage import Lineage
from console.widgets.change_panel import ChangePanel
from console.widgets.diff_view import DiffView
from console.widgets.semantic_diff import SemanticDiff
from console.widgets.three_versions import ThreeVersions
from store.demo.samples import orders
from store.projections import deployments, requests

LINEAGE = Place(key="3", id="lineage", title="Lineage", factory=Lineage, subjects=("DEP-", "CR-"))
FIRST = "DEP-0006"
"""The rollback that made the first release of orders live again; CR-0007 is live on prod since."""


async def ask(pilot: Pilot[Any], subject: str = FIRST) -> ConfirmRollback:
    await settled(pilot)
    pilot.app.query_one(Lineage).open(subject)
    await settled(pilot)
    await pilot.press("R")
    await until(pilot, lambda: isinstance(pilot.app.screen, ConfirmRollback))
    await armed(pilot)
    assert isinstance(pilot.app.screen, ConfirmRollback)
    return pilot.app.screen


def words(dialog: ConfirmRollback) -> str:
    return "\n".join(str(widget.render()) for widget in dialog.query("Facts"))


def kinds_since(mira: DemoDesk, seq: int) -> list[str]:
    return [entry.statement.kind for entry in mira.desk.context.ledger.entries(after=seq)]


@pytest.mark.parametrize("size", SIZES)
def test_the_question_shows_everything_a_rollback_does(
    snap_compare: Any, mira: DemoDesk, size: tuple[int, int]
) -> None:
    async def look(pilot: Pilot[Any]) -> None:
        await ask(pilot)

    assert snap_compare(bare(mira.desk, LINEAGE), terminal_size=size, run_before=look)


async def test_the_question_names_what_is_taken_along_made_stale_and_overwritten(mira: DemoDesk) -> None:
    async with bare(mira.desk, LINEAGE).run_test(size=(140, 45)) as pilot:
        dialog = await ask(pilot)
        text = words(dialog)
        assert "overwrites DR-0002" in text
        assert "takes back CR-0007" in text
        assert "makes CR-0010 stale" in text
        assert "goes into quarantine" in text
        assert "delivered to folder out/prod" in text
        changed = {row.key for row in dialog.query_one(ChangePanel)._panel_changes}
        # Refunds is as it should be in both releases: only the drift makes it part of what changes live.
        assert changed == {"a1f0c0de00000001", "a1f0c0de00000002"}


async def test_a_rollback_puts_the_earlier_bytes_back_and_is_recorded(mira: DemoDesk) -> None:
    context = mira.desk.context
    live = mira.root / "out" / "prod" / "orders" / "flows.json"
    assert live.read_bytes() == orders(3)
    before = context.ledger.head().size
    async with bare(mira.desk, LINEAGE).run_test(size=(100, 30)) as pilot:
        await ask(pilot)
        await pilot.press(*"prod", "enter", *"totals", "enter")
        await until(pilot, lambda: "verified" in said(pilot))
        assert "verified DEP-0012: orders on prod is release" in said(pilot)
        assert "is in quarantine" in said(pilot)
        assert "DR-0002 ends when live is seen again" in said(pilot)
        await settled(pilot)
        assert pilot.app.query_one(Lineage)._tree.key == FIRST  # the cursor is where it was
    assert live.read_bytes() == orders(1)
    kinds = kinds_since(mira, before)
    assert [kind for kind in kinds if not kind.startswith("configuration")] == [
        "rollback.started", "deployment.verified", "release.quarantined",
    ]  # fmt: skip
    with context.ledger.reading() as connection:
        assert deployments.listing(connection, limit=1)[0].reason == "totals"
        request = requests.one(connection, "CR-0007")
    assert request is not None
    assert request.state == "rolled back"


async def test_enter_alone_changes_nothing(mira: DemoDesk) -> None:
    before = mira.desk.context.ledger.head().size
    async with bare(mira.desk, LINEAGE).run_test(size=(100, 30)) as pilot:
        dialog = await ask(pilot)
        await pilot.press("enter", "enter", "enter")
        await pilot.press(*"staging", "enter", *"because", "enter")
        await settled(pilot)
        assert pilot.app.screen is dialog
        await pilot.press("escape")
        await until(pilot, lambda: "nothing was changed" in said(pilot))
    assert mira.desk.context.ledger.head().size == before


async def test_the_name_alone_is_not_enough_a_reason_is_needed(mira: DemoDesk) -> None:
    async with bare(mira.desk, LINEAGE).run_test(size=(100, 30)) as pilot:
        dialog = await ask(pilot)
        await pilot.press(*"prod", "enter", "enter")
        await settled(pilot)
        assert pilot.app.screen is dialog
        assert "the reason is still empty" in words(dialog)


async def test_the_change_can_be_read_while_the_name_is_being_typed(mira: DemoDesk) -> None:
    async with bare(mira.desk, LINEAGE).run_test(size=(140, 45)) as pilot:
        dialog = await ask(pilot)
        first = dialog.query_one(SemanticDiff).component
        await pilot.press(*"pr", "down", "down", *"od")
        await settled(pilot)
        assert dialog.query_one(SemanticDiff).component != first
        assert dialog._value("name") == "prod"
        assert "2500" in "\n".join(dialog.query_one(DiffView).diff.old)


async def test_live_changed_behind_our_back_is_shown_in_three_versions_and_asked_again(mira: DemoDesk) -> None:
    live = mira.root / "out" / "prod" / "orders" / "flows.json"
    async with bare(mira.desk, LINEAGE).run_test(size=(140, 45)) as pilot:
        first = await ask(pilot)
        live.write_bytes(orders(2))
        await pilot.press(*"prod", "enter", *"totals", "enter")
        await until(pilot, lambda: bool(pilot.app.screen.query(ThreeVersions)))
        assert live.read_bytes() == orders(2)
        shown = "\n".join(str(widget.render()) for widget in pilot.app.screen.query("Facts"))
        assert "somebody changed orders on prod" in shown
        while pilot.app.screen.query(ThreeVersions):
            dialog = pilot.app.screen
            await armed(pilot)
            await pilot.press("y")
            await until(pilot, lambda dialog=dialog: pilot.app.screen is not dialog)
        await until(pilot, lambda: isinstance(pilot.app.screen, ConfirmRollback) and pilot.app.screen is not first)
        await armed(pilot)
        assert live.read_bytes() == orders(2), "the first answer was for something else"
        await pilot.press(*"prod", "enter", *"totals", "enter")
        await until(pilot, lambda: "verified" in said(pilot))
    assert live.read_bytes() == orders(1)


async def test_whoever_does_not_want_to_overwrite_what_they_saw_says_so(mira: DemoDesk) -> None:
    live = mira.root / "out" / "prod" / "orders" / "flows.json"
    async with bare(mira.desk, LINEAGE).run_test(size=(100, 30)) as pilot:
        await ask(pilot)
        live.write_bytes(orders(2))
        await pilot.press(*"prod", "enter", *"totals", "enter")
        await until(pilot, lambda: bool(pilot.app.screen.query(ThreeVersions)))
        await pilot.press("escape")
        await until(pilot, lambda: "nothing was changed" in said(pilot))
    assert live.read_bytes() == orders(2)


async def test_a_target_that_cannot_be_written_is_said_and_recorded(mira: DemoDesk) -> None:
    context = mira.desk.context
    async with bare(mira.desk, LINEAGE).run_test(size=(100, 30)) as pilot:
        await ask(pilot)
        folder = mira.root / "out" / "prod" / "orders"
        shutil.rmtree(folder)
        folder.write_text("in the way")
        await pilot.press(*"prod", "enter", *"totals", "enter")
        await until(pilot, lambda: "nothing was changed; r tries again" in said(pilot))
    with context.ledger.reading() as connection:
        assert {row.state for row in deployments.listing(connection)} <= {"verified", "failed"}


async def test_where_no_production_is_only_the_reason_is_asked(mira: DemoDesk) -> None:
    async with bare(mira.desk, LINEAGE).run_test(size=(100, 30)) as pilot:
        dialog = await ask(pilot, "DEP-0002")
        assert "orders on staging" in words(dialog)
        await pilot.press(*"back", "enter")
        await until(pilot, lambda: "verified DEP-0012" in said(pilot))
    assert (mira.root / "out" / "staging" / "orders" / "flows.json").read_bytes() == orders(1)
