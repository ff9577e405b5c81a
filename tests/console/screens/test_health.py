from __future__ import annotations

from typing import Any

import pytest
from console_scene import screen_text
from screens_scene import SIZES, DemoDesk, armed, bare, pane_of, said, settled
from textual.pilot import Pilot

from console.places import SCREENS
from console.screen import Place
from console.screens.health import COLUMNS, Health
from console.widgets.columns import layout
from console.widgets.dialogs import Ask, Reading
from console.widgets.keyed_table import KeyedTable
from store.services.policy import proposing, standing

PLACE = Place(key="8", id="health", title="Health", factory=Health)


def listed(pilot: Pilot[Any]) -> KeyedTable:
    return pane_of(pilot).query_one("#duties", KeyedTable)


def text(pilot: Pilot[Any]) -> str:
    return " ".join(screen_text(pilot.app).split())


async def on(pilot: Pilot[Any], beginning: str) -> None:
    await settled(pilot)
    key = next(row.key for row in listed(pilot).rows if row.key.startswith(beginning))
    listed(pilot).select(key)
    await armed(pilot)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_what_is_owed_and_the_policy_look_like_this(mira: DemoDesk, snap_compare: Any, size: tuple[int, int]) -> None:
    assert snap_compare(bare(mira.desk, PLACE), terminal_size=size, run_before=settled)


async def test_it_says_what_is_overdue_what_was_rehearsed_and_who_adopted_the_policy(mira: DemoDesk) -> None:
    async with bare(mira.desk, PLACE).run_test(size=(200, 70)) as pilot:
        await settled(pilot)
        for words in ("1 overdue", "rollback rehearsed", "never verified", "by ada #163", "policy.toml",
                      "high risk: 2 people must approve", "the connectors: every 14 days"):  # fmt: skip
            assert words in text(pilot)


@pytest.mark.presses(Health="v")
async def test_v_records_that_the_policy_was_read(mira: DemoDesk) -> None:
    async with bare(mira.desk, PLACE).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("v")
        await armed(pilot)
        assert isinstance(pilot.app.screen, Ask)
        await pilot.press(*"fine", "enter")
        await settled(pilot)
        assert "is reviewed: entry" in said(pilot)
    last = next(iter(mira.desk.context.ledger.entries(kinds=["policy.reviewed"])))
    assert (last.statement.actor, last.statement.data["note"]) == ("mira", "fine")


@pytest.mark.presses(Frame="escape", Health="t w")
async def test_the_source_and_the_policy_of_the_past_are_shown_on_demand(mira: DemoDesk) -> None:
    async with bare(mira.desk, PLACE).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        assert "connector_review_every_days" not in text(pilot)
        await pilot.press("w")
        await settled(pilot)
        assert "connector_review_every_days = 14" in text(pilot)
        await pilot.press("t")
        await armed(pilot)
        await pilot.press(*"82", "enter")
        await settled(pilot)
        assert "PAST: as it was at 82" in text(pilot)
        assert "built in" in text(pilot)
        await pilot.press("v")
        await settled(pilot)
        assert "the policy of the past" in said(pilot)
        await pilot.press("escape", "escape")
        await settled(pilot)
        assert "in force" in text(pilot)


@pytest.mark.presses(Health="d")
async def test_a_proposal_stands_first_with_what_it_changes_and_enter_opens_its_review(mira: DemoDesk) -> None:
    (mira.root / "policies" / "policy.toml").write_text("review_every_days = 30\n")
    proposing.propose(mira.desk.context, mira.actor("ada"), title="Look more often", why="the audit")
    (found,) = standing.book(mira.desk.context, "mira").proposals
    async with bare(mira.desk, *SCREENS).run_test(size=(140, 45)) as pilot:
        await pilot.press("8")
        await on(pilot, found.row.id)
        for words in ("would change the policy", "~ review_every_days: 90 → 30", "connector_review_every_days: 14"):
            assert words in text(pilot)
        await pilot.press("d")
        await settled(pilot)
        assert isinstance(pilot.app.screen, Reading)
        await pilot.press("escape", "enter")
        await settled(pilot)
        assert pane_of(pilot).id == "approvals"


@pytest.mark.parametrize(
    ("row", "place"),
    [("connector-review", "connectors"), ("finding FND-0001", "findings"), ("verification", "ledger"),
     ("rehearsal", "ledger")],
)  # fmt: skip
async def test_enter_goes_where_it_is_handled(mira: DemoDesk, row: str, place: str) -> None:
    async with bare(mira.desk, *SCREENS).run_test(size=(140, 45)) as pilot:
        await pilot.press("8")
        await on(pilot, row)
        await pilot.press("enter")
        await settled(pilot)
        assert pane_of(pilot).id == place


@pytest.mark.presses(Health="e y")
async def test_y_copies_the_command_that_handles_it_and_e_shows_an_entry(mira: DemoDesk) -> None:
    async with bare(mira.desk, PLACE).run_test(size=(80, 24)) as pilot:
        await on(pilot, "verification")
        await pilot.press("y")
        await settled(pilot)
        assert "quarterdeck verify" in said(pilot)
        await on(pilot, "rehearsal")
        await pilot.press("e")
        await settled(pilot)
        assert "#168" in screen_text(pilot.app)


async def test_who_may_not_review_the_policy_is_told_so(theo: DemoDesk) -> None:
    async with bare(theo.desk, PLACE).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("v")
        await settled(pilot)
        assert "may not review the policy" in said(pilot)


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (140, 45), (200, 50)])
async def test_every_size_shows_what_is_overdue(mira: DemoDesk, size: tuple[int, int]) -> None:
    async with bare(mira.desk, PLACE).run_test(size=size) as pilot:
        await settled(pilot)
        assert "OVERDUE" in screen_text(pilot.app)
        assert "connectors" in screen_text(pilot.app)


def test_an_almost_empty_workspace_names_what_is_owed_whole_on_a_small_terminal() -> None:
    state, about, *_ = layout(COLUMNS, (11, 12, 70, 8, 9, 5), 80 - 3)
    assert (state, about) == (11, len("verification"))
