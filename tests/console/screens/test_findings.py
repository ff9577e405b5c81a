from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from console_scene import screen_text
from screens_scene import SIZES, DemoDesk, armed, bare, listed, open_demo, pane_of, said, settled
from textual.pilot import Pilot

from console.places import SCREENS
from console.screen import Place
from console.screen.words_form import WordsForm
from console.screens.findings import Findings
from console.widgets.dialogs import Ask
from store.domain import events as ev
from store.projections import anomalies, findings
from store.services.acting import record

PLACE = Place(key="0", id="findings", title="Findings", factory=Findings, subjects=("FND-", "AN-"))


async def on(pilot: Pilot[Any], key: str) -> None:
    await settled(pilot)
    pane_of(pilot).open(key)
    await armed(pilot)
    assert listed(pilot).key == key


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_findings_and_anomalies_look_like_this(mira: DemoDesk, snap_compare: Any, size: tuple[int, int]) -> None:
    assert snap_compare(bare(mira.desk, PLACE), terminal_size=size, run_before=settled)


@pytest.mark.presses(Findings="w")
async def test_the_first_line_says_what_is_open_and_what_to_press(mira: DemoDesk) -> None:
    async with bare(mira.desk, PLACE).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        assert "2 findings and 1 anomaly open" in screen_text(pilot.app).split("\n")[2]
        keys = [row.key for row in listed(pilot).rows]
        assert keys == ["FND-0001", "FND-0002", "AN-0002"]
        await pilot.press("w")
        await settled(pilot)
        assert [row.key for row in listed(pilot).rows][-1] == "AN-0001"


async def test_the_first_line_offers_only_what_who_looks_may_do_with_the_row(demo: Path, tmp_path: Path) -> None:
    offered = {}
    for name in ("mira", "ada"):
        found = open_demo(demo, tmp_path / name, name)
        async with bare(found.desk, PLACE).run_test(size=(140, 45)) as pilot:
            for key in ("FND-0002", "AN-0002"):
                await on(pilot, key)
                offered[name, key] = screen_text(pilot.app).split("\n")[2].split("open   ")[1].split("  ")[0]
    assert offered["mira", "FND-0002"] == "w shows all"
    assert offered["ada", "FND-0002"] == "X closes it"
    assert offered["mira", "AN-0002"] == "A acknowledges it"


@pytest.mark.presses(Findings="A")
async def test_an_anomaly_is_acknowledged_by_somebody_else_with_what_it_was(demo: Path, tmp_path: Path) -> None:
    juno = open_demo(demo, tmp_path / "juno", "juno")
    async with bare(juno.desk, PLACE).run_test(size=(140, 45)) as pilot:
        await on(pilot, "AN-0002")
        assert "changed live in prod, and no request" in screen_text(pilot.app)
        await pilot.press("A")
        await armed(pilot)
        assert isinstance(pilot.app.screen, Ask)
        await pilot.press(*"hotfix", "enter")
        await settled(pilot)
        assert "acknowledged AN-0002" in said(pilot)
    with juno.desk.context.ledger.reading() as connection:
        row = anomalies.one(connection, "AN-0002")
    juno.desk.context.ledger.close()
    assert row is not None
    assert (row.state, row.acknowledged_by, row.note) == ("acknowledged", "juno", "hotfix")


async def test_nobody_acknowledges_an_anomaly_about_themselves(mira: DemoDesk) -> None:
    about = ev.AnomalyNoticed(
        anomaly="AN-0003", rule="two-places", severity="high", about=9, summary="two keys", measures=(), policy="",
        principal="mira",
    )  # fmt: skip
    record(mira.desk.context, [about])
    async with bare(mira.desk, PLACE).run_test(size=(140, 45)) as pilot:
        await on(pilot, "AN-0003")
        await pilot.press("A")
        await settled(pilot)
        assert "separation of duties" in said(pilot)


@pytest.mark.presses(Findings="H X c")
async def test_a_finding_is_handed_over_talked_about_and_closed(demo: Path, tmp_path: Path) -> None:
    juno = open_demo(demo, tmp_path / "juno", "juno")
    async with bare(juno.desk, PLACE).run_test(size=(140, 45)) as pilot:
        await on(pilot, "FND-0002")
        await pilot.press("c")
        await armed(pilot)
        await pilot.press(*"looking", "enter")
        await armed(pilot)
        assert "noted on FND-0002" in said(pilot)
        await pilot.press("H")
        await armed(pilot)
        assert isinstance(pilot.app.screen, WordsForm)
        await pilot.press("right", "ctrl+s")
        await armed(pilot)
        assert "sees to FND-0002" in said(pilot)
        await pilot.press("X")
        await armed(pilot)
        await pilot.press(*"reviewed", "enter")
        await armed(pilot)
        assert "closed FND-0002" in said(pilot)
    with juno.desk.context.ledger.reading() as connection:
        row = findings.one(connection, "FND-0002")
        steps = [one.step for one in findings.story(connection, "FND-0002")]
    juno.desk.context.ledger.close()
    assert row is not None
    assert (row.state, row.done, row.closed_by) == ("closed", "reviewed", "juno")
    assert steps == ["raised", "noted", "assigned", "closed"]


@pytest.mark.presses(Findings="f")
async def test_a_finding_is_opened_about_the_entry_under_the_cursor(demo: Path, tmp_path: Path) -> None:
    juno = open_demo(demo, tmp_path / "juno", "juno")
    async with bare(juno.desk, PLACE).run_test(size=(140, 45)) as pilot:
        await on(pilot, "AN-0002")
        await pilot.press("f")
        await armed(pilot)
        assert isinstance(pilot.app.screen, WordsForm)
        await pilot.press("ctrl+s")
        assert isinstance(pilot.app.screen, WordsForm), "an empty title is not taken"
        await pilot.press(*"skipped", "ctrl+s")
        await armed(pilot)
        assert "opened FND-0003" in said(pilot)
    with juno.desk.context.ledger.reading() as connection:
        row = findings.one(connection, "FND-0003")
    juno.desk.context.ledger.close()
    assert row is not None
    assert (row.title, row.about, row.severity) == ("skipped", "#156", "warning")


async def test_what_cannot_be_done_says_why(mira: DemoDesk) -> None:
    async with bare(mira.desk, PLACE).run_test(size=(140, 45)) as pilot:
        await on(pilot, "FND-0001")
        for key, words in (("A", "is no anomaly"), ("X", "may not close a finding"), ("H", "may not assign a finding")):
            await pilot.press(key)
            await settled(pilot)
            assert words in said(pilot)
        await on(pilot, "AN-0002")
        for key, words in (("X", "is no finding"), ("c", "takes its note with A"), ("L", "has a lineage")):
            await pilot.press(key)
            await settled(pilot)
            assert words in said(pilot)


async def test_enter_opens_what_it_is_about_where_that_is_at_home(mira: DemoDesk) -> None:
    async with bare(mira.desk, *SCREENS).run_test(size=(140, 45)) as pilot:
        await pilot.press("0")
        await on(pilot, "FND-0001")
        await pilot.press("enter")
        await settled(pilot)
        assert pane_of(pilot).id == "incidents"
        assert pane_of(pilot).subject() == "INC-0001"
        await pilot.press("0")
        await on(pilot, "FND-0002")
        await pilot.press("enter")
        await settled(pilot)
        assert pane_of(pilot).id == "connectors"


async def test_without_a_key_everything_is_read_and_nothing_done(stranger: DemoDesk) -> None:
    async with bare(stranger.desk, PLACE).run_test(size=(80, 24)) as pilot:
        await on(pilot, "FND-0001")
        for key in "XAcHfi":
            await pilot.press(key)
            await settled(pilot)
            assert "read only" in said(pilot)
