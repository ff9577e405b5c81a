from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from console_scene import screen_text
from screens_scene import SIZES, DemoDesk, armed, bare, open_demo, pane_of, said, settled, until
from textual.pilot import Pilot

from console.app import Console
from console.presentation.spans import as_line, plain
from console.presentation.words import ASCII_TABLE
from console.screen import Pane, Place
from console.screens.triage import Triage
from console.widgets.dialogs import Ask, Choose, Confirm
from console.widgets.keyed_table import KeyedTable
from store.domain import events as ev
from store.ledger.report import Verdict
from store.services.acting import record
from store.services.delivery import environments
from store.services.requests import approving, commenting, requests
from store.services.triage import triage
from store.services.triage.triage import Item

BAD_FILE = "#144"
"""The demo's entry of the file that could not be read."""
HOME = Place(key="1", id="triage", title="Triage", factory=Triage)


class Elsewhere(Pane[str]):
    """Stands in for the other screens; keeps what it was asked to open."""

    def __init__(self) -> None:
        super().__init__()
        self.opened: list[str] = []

    def load(self) -> str:
        return ""

    def show_data(self, data: str) -> None:
        pass

    def open(self, subject: str) -> None:
        self.opened.append(subject)


def with_neighbours(demo: DemoDesk) -> Console:
    names = ("drift", "approvals", "lineage", "ledger")
    others = [Place(key=str(n), id=name, title=name, factory=lambda _: Elsewhere()) for n, name in enumerate(names, 2)]
    return bare(demo.desk, HOME, *others)


def items(pilot: Pilot[Any]) -> KeyedTable:
    return pane_of(pilot).query_one("#items", KeyedTable)


async def on(pilot: Pilot[Any], key: str) -> None:
    """Put the cursor on one thing and wait until it has been read."""
    await settled(pilot)
    await pilot.press("g")
    while items(pilot).key != key:
        before = items(pilot).key
        await pilot.press("j")
        assert items(pilot).key != before, f"{key} is not in the list"
    await settled(pilot)


def needs(pilot: Pilot[Any]) -> str:
    """Return what the list says the thing under the cursor needs."""
    row = next(row for row in items(pilot).rows if row.key == items(pilot).key)
    return plain(as_line(row.cells[1]))


def head(demo: DemoDesk) -> int:
    return demo.desk.context.ledger.head().size


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_the_home_screen_looks_like_this(mira: DemoDesk, snap_compare: Any, size: tuple[int, int]) -> None:
    assert snap_compare(bare(mira.desk, HOME), terminal_size=size, run_before=settled)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_a_request_in_the_preview_looks_like_this(mira: DemoDesk, snap_compare: Any, size: tuple[int, int]) -> None:
    async def look(pilot: Pilot[Any]) -> None:
        await on(pilot, "CR-0010")

    assert snap_compare(bare(mira.desk, HOME), terminal_size=size, run_before=look)


async def test_the_first_line_says_what_is_wrong_and_what_to_press(mira: DemoDesk) -> None:
    async with bare(mira.desk, HOME).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        first = screen_text(pilot.app).split("\n")[2]
        assert "prod/orders was changed behind us (DR-0002)" in first
        assert "R restores it" in first


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (140, 45), (200, 50)])
async def test_every_size_shows_what_needs_somebody_its_reason_and_its_key(
    mira: DemoDesk, size: tuple[int, int]
) -> None:
    async with bare(mira.desk, HOME).run_test(size=size) as pilot:
        await settled(pilot)
        text = screen_text(pilot.app)
        for words in ("DR-0002", "CR-0010", "should be 250", "is 2500", "R restores it"):
            assert words in text
        assert BAD_FILE in [row.key for row in items(pilot).rows]


async def test_the_strip_says_release_age_drift_and_freeze(mira: DemoDesk) -> None:
    environments.freeze(mira.desk.context, mira.actor("mira"), "staging", reason="year end")
    async with bare(mira.desk, HOME).run_test(size=(140, 45)) as pilot:
        await settled(pilot)
        strip = screen_text(pilot.app).split("\n")[3:6]
        assert "dev" in strip[0]
        assert "no drift seen" in strip[0]
        assert "orders 2e2bd9…9380 3w" in strip[0]
        assert "frozen" in strip[1]
        assert "year end" in strip[1]
        assert "1 drift + 1 known" in strip[2]
        assert "seen 11 min ago" in strip[2]


async def test_the_strip_says_when_nobody_has_looked_for_too_long(mira: DemoDesk) -> None:
    async with bare(mira.desk, HOME).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        strip = screen_text(pilot.app).split("\n")[3:6]
        assert "stale: seen 3 weeks ago" in strip[0]
        assert "stale" not in strip[2]


async def test_an_unknown_kind_of_thing_opens_where_its_id_is_at_home(
    mira: DemoDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    strange = Item(
        key="FND-0099", kind="portent", severity="critical", environment="-", project="-", what="odd",
        since="2026-11-23T14:00:00.000Z", mine=True, reason="approved at four in the morning",
    )  # fmt: skip
    told = triage.overview
    monkeypatch.setattr(triage, "overview", lambda *a, **k: replace(told(*a, **k), items=(strange,)))
    home = Place(key="9", id="findings", title="Findings", factory=lambda _: Elsewhere(), subjects=("FND-",))
    async with bare(mira.desk, HOME, home).run_test(size=(140, 45)) as pilot:
        await settled(pilot)
        text = screen_text(pilot.app)
        for words in ("portent", "FND-0099", "approved at four in the morning", "enter opens it"):
            assert words in text
        await pilot.press("e")
        await settled(pilot)
        assert "no entry is about FND-0099" in said(pilot)
        await pilot.press("enter")
        await settled(pilot)
        assert pane_of(pilot).id == "findings"
        assert pane_of(pilot).opened == ["FND-0099"]


async def test_who_requested_it_finds_what_was_said_about_it_and_goes_there(theo: DemoDesk) -> None:
    commenting.comment(theo.desk.context, theo.actor("ines"), "CR-0010", "Order intake", "why POST?")
    async with with_neighbours(theo).run_test(size=(140, 45)) as pilot:
        await on(pilot, "CR-0010/comments")
        text = screen_text(pilot.app)
        assert "ines on Order intake" in text
        assert "why POST?" in text
        assert "enter opens the review" in text
        await pilot.press("enter")
        await settled(pilot)
        assert pane_of(pilot).id == "approvals"
        assert pane_of(pilot).opened == ["CR-0010"]


async def test_a_ledger_that_does_not_check_goes_before_everything(mira: DemoDesk) -> None:
    mira.desk.learned(Verdict.INVALID)
    async with bare(mira.desk, HOME).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        assert items(pilot).rows[0].key == "ledger"
        assert "the ledger does not check: invalid: enter shows the ledger" in screen_text(pilot.app)


async def test_enter_opens_a_thing_where_it_is_handled(mira: DemoDesk) -> None:
    async with with_neighbours(mira).run_test(size=(140, 45)) as pilot:
        await settled(pilot)
        await pilot.press("enter")
        await settled(pilot)
        assert pane_of(pilot).id == "drift"
        assert pane_of(pilot).opened == ["DR-0002"]
        await pilot.press("1")
        await on(pilot, "CR-0010")
        await pilot.press("enter")
        await settled(pilot)
        assert pane_of(pilot).id == "approvals"


async def test_enter_on_a_refused_file_shows_its_entry(mira: DemoDesk) -> None:
    async with bare(mira.desk, HOME).run_test(size=(140, 45)) as pilot:
        await on(pilot, BAD_FILE)
        await pilot.press("enter")
        await until(pilot, lambda: BAD_FILE in screen_text(pilot.app) and "artifact.refused" in screen_text(pilot.app))


@pytest.mark.presses(Triage="R")
async def test_r_restores_the_desired_release_over_a_drift(mira: DemoDesk) -> None:
    async with bare(mira.desk, HOME).run_test(size=(140, 45)) as pilot:
        await on(pilot, "DR-0002")
        await pilot.press("R")
        await until(pilot, lambda: isinstance(pilot.app.screen, Confirm))
        await armed(pilot)
        await pilot.press(*"prod", "enter", *"tampered", "enter")
        await until(pilot, lambda: "verified DEP-0012" in said(pilot))
        await settled(pilot)
        kinds = [entry.statement.kind for entry in mira.desk.context.ledger.entries(newest_first=True, limit=5)]
        assert "deployment.verified" in kinds


async def test_r_on_a_request_says_what_handles_it(mira: DemoDesk) -> None:
    async with bare(mira.desk, HOME).run_test(size=(140, 45)) as pilot:
        await on(pilot, "CR-0010")
        await pilot.press("R")
        await settled(pilot)
        assert "CR-0010 is nothing to roll back" in said(pilot)
        assert "a approves" in said(pilot)


async def test_acknowledging_takes_the_drift_off_the_list_and_the_cursor_stays_in_it(mira: DemoDesk) -> None:
    async with bare(mira.desk, HOME).run_test(size=(140, 45)) as pilot:
        await on(pilot, "DR-0002")
        await pilot.press("A")
        await until(pilot, lambda: isinstance(pilot.app.screen, Ask))
        await pilot.press(*"known", "enter")
        await until(pilot, lambda: "acknowledged DR-0002" in said(pilot))
        await settled(pilot)
        assert {row.key for row in items(pilot).rows} > {"CR-0010", BAD_FILE}
        assert "DR-0002" not in {row.key for row in items(pilot).rows}
        newest = next(mira.desk.context.ledger.entries(newest_first=True, limit=1)).statement
        assert (newest.kind, newest.actor, newest.data["note"]) == ("drift.acknowledged", "mira", "known")


@pytest.mark.presses(Triage="i")
async def test_i_opens_an_incident_about_the_place_under_the_cursor(mira: DemoDesk) -> None:
    async with bare(mira.desk, HOME).run_test(size=(140, 45)) as pilot:
        await on(pilot, "DR-0002")
        await pilot.press("i")
        await until(pilot, lambda: isinstance(pilot.app.screen, Choose))
        await pilot.press("j", "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, Ask))
        await pilot.press(*"refunds", "enter")
        await until(pilot, lambda: "opened INC-0002" in said(pilot))
        await settled(pilot)
        newest = next(mira.desk.context.ledger.entries(newest_first=True, limit=1)).statement
        assert dict(newest.on) == {"incident": "INC-0002", "project": "orders", "environment": "prod"}
        assert newest.data["severity"] == "high"
        assert "INC-0002" in [row.key for row in items(pilot).rows]


@pytest.mark.presses(Triage="a")
async def test_a_approves_what_the_cursor_is_on_with_the_digest_on_the_screen(mira: DemoDesk) -> None:
    async with bare(mira.desk, HOME).run_test(size=(140, 45)) as pilot:
        await on(pilot, "CR-0010")
        await pilot.press("a")
        await until(pilot, lambda: isinstance(pilot.app.screen, Confirm))
        asked = screen_text(pilot.app)
        change = requests.change_of(mira.desk.context.ledger, "CR-0010")
        for words in ("CR-0010", change.digest[:16], "prod", mira.desk.me().signer.public.fingerprint):
            assert words in asked
        await armed(pilot)
        await pilot.press("y")
        await until(pilot, lambda: "approved CR-0010" in said(pilot))
        newest = next(mira.desk.context.ledger.entries(newest_first=True, limit=1)).statement
        assert (newest.kind, newest.data["digest"]) == ("approval.granted", change.digest)


async def test_a_key_that_cannot_be_used_says_why_and_what_would_unblock_it(theo: DemoDesk) -> None:
    async with bare(theo.desk, HOME).run_test(size=(140, 45)) as pilot:
        await on(pilot, "CR-0010")
        before = head(theo)
        await pilot.press("a")
        await settled(pilot)
        assert "separation of duties" in said(pilot)
        assert "→ ines, mira could do it" in said(pilot)
        assert head(theo) == before
        assert "Approve" not in screen_text(pilot.app).split("\n")[-1]


async def test_without_a_key_everything_can_be_read_and_nothing_done(stranger: DemoDesk) -> None:
    async with bare(stranger.desk, HOME).run_test(size=(140, 45)) as pilot:
        await on(pilot, "DR-0002")
        assert "--key PATH" in screen_text(pilot.app)
        await pilot.press("R")
        await settled(pilot)
        assert "read only: no key is named" in said(pilot)


async def test_what_comes_in_is_listed_and_the_cursor_stays_on_its_thing(mira: DemoDesk) -> None:
    context = mira.desk.context
    async with bare(mira.desk, HOME).run_test(size=(140, 45)) as pilot:
        await on(pilot, "CR-0010")
        row = next(entry for entry in context.ledger.entries(kinds=["drift.opened"], newest_first=True, limit=1))
        opened = ev.decode(row.statement.kind, row.statement.on, row.statement.data)
        assert isinstance(opened, ev.DriftOpened)
        items(pilot)._table_clock = lambda: 100.0  # time stands still: rows that moved have just moved
        record(context, [replace(opened, drift="DR-0003", component="a1f0c0de00000001", name="Order intake")])
        await until(pilot, lambda: "DR-0003" in [row.key for row in items(pilot).rows])
        assert items(pilot).key == "CR-0010"
        assert not items(pilot).armed()
        await pilot.press("a")
        await settled(pilot)
        assert "the list has just moved" in said(pilot)


async def test_a_request_that_is_approved_elsewhere_turns_into_one_to_deploy(mira: DemoDesk) -> None:
    async with bare(mira.desk, HOME).run_test(size=(140, 45)) as pilot:
        await on(pilot, "CR-0010")
        for name in ("ines", "mira"):
            approving.approve(mira.desk.context, mira.actor(name), "CR-0010")
        await until(pilot, lambda: needs(pilot) == "deploy")
        await settled(pilot)
        await pilot.press("D")
        await settled(pilot)
        assert "has drifted: DR-0002" in said(pilot)


async def test_the_filter_narrows_the_list_and_esc_shows_all(mira: DemoDesk) -> None:
    async with bare(mira.desk, HOME).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("slash", *"carrier")
        await settled(pilot)
        assert [row.key for row in items(pilot).rows] == ["CR-0010", "CR-0010/comments"]
        await pilot.press("escape")
        await settled(pilot)
        assert len(items(pilot).rows) == 7


@pytest.mark.presses(Triage="A X")
async def test_a_closes_an_anomaly_x_a_finding_and_each_says_whom_it_is_not_for(demo: Path, tmp_path: Path) -> None:
    juno = open_demo(demo, tmp_path / "juno", "juno")
    about = ev.AnomalyNoticed(
        anomaly="AN-0003", rule="two-places", severity="high", about=9, summary="two keys", measures=(), policy="",
        principal="mira",
    )  # fmt: skip
    record(juno.desk.context, [about])
    async with bare(juno.desk, HOME).run_test(size=(140, 45)) as pilot:
        await on(pilot, "AN-0003")
        await pilot.press("A")
        await armed(pilot)
        await pilot.press(*"hotfix", "enter")
        await until(pilot, lambda: "acknowledged AN-0003" in said(pilot))
        await on(pilot, "FND-0002")
        await pilot.press("A")
        assert "FND-0002 is no drift and no anomaly: X closes it" in said(pilot)
        await armed(pilot)
        await pilot.press("X")
        await armed(pilot)
        await pilot.press(*"reviewed", "enter")
        await until(pilot, lambda: "closed FND-0002" in said(pilot))
        await on(pilot, "connectors")
        await pilot.press("v")
        assert "enter opens them" in said(pilot)
    juno.desk.context.ledger.close()


async def test_on_a_narrow_strip_the_age_of_what_was_seen_is_not_what_is_cut(mira: DemoDesk) -> None:
    async with bare(mira.desk, HOME).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        prod = screen_text(pilot.app).split("\n")[5]
        assert "1 drift + 1 known" in prod
        assert "seen 11 min ago" in prod


def test_what_is_cut_looks_cut_without_unicode_too() -> None:
    assert str.maketrans({"…": "~"}).items() <= ASCII_TABLE.items()
