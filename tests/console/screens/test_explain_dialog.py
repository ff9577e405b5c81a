"""`W` explains a request or deployment from lineage and approvals; `o` writes the page and says where."""

from __future__ import annotations

from typing import Any

import pytest
from screens_scene import DemoDesk, bare, said, settled
from textual.pilot import Pilot

from console.screen import Place
from console.screen.explain_dialog import ExplainDialog
from console.screens.approvals import Approvals
from console.screens.lineage import Lineage
from console.widgets.text_view import Facts, TextView

PLACES = {
    "lineage": Place(key="3", id="lineage", title="Lineage", factory=Lineage, subjects=("DEP-",)),
    "approvals": Place(key="2", id="approvals", title="Approvals", factory=Approvals, subjects=("CR-",)),
}


async def go(pilot: Pilot[Any], subject: str) -> None:
    await settled(pilot)
    pilot.app.query_one("Lineage, Approvals").open(subject)
    await settled(pilot)


@pytest.mark.parametrize(
    "place",
    [
        pytest.param("lineage", marks=pytest.mark.presses(Lineage="W o", ExplainDialog="o escape")),
        pytest.param("approvals", marks=pytest.mark.presses(Approvals="W o", ExplainDialog="o escape")),
    ],
)
async def test_why_is_one_key_away_and_the_page_can_be_taken_along(mira: DemoDesk, place: str) -> None:
    async with bare(mira.desk, PLACES[place]).run_test(size=(140, 45)) as pilot:
        await go(pilot, "CR-0005")
        await pilot.press("W")
        await settled(pilot)
        dialog = pilot.app.screen
        assert isinstance(dialog, ExplainDialog)
        assert dialog.query_one(TextView).row_count() > 20
        await pilot.press("o")
        await settled(pilot)
        written = mira.desk.context.root / "explained" / "CR-0005.html"
        assert "wrote" in str(dialog.query_one("#explain-keys", Facts).render())
        assert "<h1>CR-0005" in written.read_text()
        await pilot.press("escape")
        await settled(pilot)
        written.unlink()
        await pilot.press("o")
        await settled(pilot)
        assert "CR-0005.html" in said(pilot)
        assert written.exists()


async def test_what_is_no_request_or_deployment_says_where_to_go(mira: DemoDesk) -> None:
    async with bare(mira.desk, PLACES["lineage"]).run_test(size=(140, 45)) as pilot:
        await go(pilot, "crm")
        await pilot.press("W")
        await settled(pilot)
        assert "explained with its request" in said(pilot)
