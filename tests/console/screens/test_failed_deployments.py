"""A deployment that failed on the way, and a rollback of single components, as an operator meets them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from fake_n8n import KEY, FakeN8n, export, running
from screens_scene import DemoDesk, armed, bare, pane_of, said, settled, until, words
from support.scene import Scene
from textual.pilot import Pilot

from console.screen import Place
from console.screen.desk import Desk
from console.screen.rollback_dialog import ConfirmRollback
from console.screens.lineage import Lineage
from console.screens.triage import Triage
from console.widgets.choose_some import ChooseSome
from console.widgets.dialogs import Confirm
from store.demo.samples import orders
from store.services import releases
from store.services.delivery import environments
from store.services.drift import drifting

TRIAGE = Place(key="1", id="triage", title="Triage", factory=Triage)
LINEAGE = Place(key="3", id="lineage", title="Lineage", factory=Lineage, subjects=("DEP-", "CR-"))


@pytest.fixture
def n8n(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeN8n]:
    """The environment `flows`: an n8n with the workflows a and b."""
    monkeypatch.setenv("ORDERS_KEY", KEY)
    with running() as fake:
        for name in "ab":
            fake.created(name, name.title(), "0")
        settings = {"url": fake.url, "api-key-env": "ORDERS_KEY"}
        environments.add(scene.context, scene.alice, "flows", target="n8n", settings=settings)
        yield fake


def half_done(scene: Scene, fake: FakeN8n, code: str) -> str:
    """Deploy `code` to a and b, and pull the plug at b."""
    for name in "ab":
        scene.ingest(export(name, name.title(), code), place="flows", name=f"{name}.json")
    request = scene.approved(place="flows")
    fake.plug = lambda method, path: "drop" if method == "PUT" and path.endswith("/b") else None
    outcome = scene.deploy(request)
    fake.plug = lambda method, path: None
    assert not outcome.verified
    return outcome.deployment


def codes(fake: FakeN8n) -> str:
    return "".join(fake.workflows[name]["nodes"][1]["parameters"]["jsCode"] for name in "ab")


async def opened_at(pilot: Pilot[Any], deployment: str) -> None:
    await settled(pilot)
    pane_of(pilot).open(deployment)
    await settled(pilot)


async def pressed(pilot: Pilot[Any], key: str, dialog: type[Any]) -> None:
    await settled(pilot)
    await pilot.press(key)
    await until(pilot, lambda: isinstance(pilot.app.screen, dialog))
    await armed(pilot)


@pytest.mark.parametrize(
    "place",
    [
        pytest.param(TRIAGE, marks=pytest.mark.presses(Triage="U"), id="home"),
        pytest.param(LINEAGE, marks=pytest.mark.presses(Lineage="U"), id="lineage"),
    ],
)
async def test_a_first_deployment_that_failed_is_taken_back(scene: Scene, n8n: FakeN8n, place: Place) -> None:
    deployment = half_done(scene, n8n, "1")
    assert codes(n8n) == "10"
    async with bare(Desk(scene.context, scene.bo, check_at_start=False), place).run_test(size=(100, 30)) as pilot:
        await opened_at(pilot, deployment)
        assert "● A  a" in words(pilot)
        assert "· B  b" in words(pilot)
        await pressed(pilot, "U", ConfirmRollback)
        assert "nothing was ever live here" in words(pilot)
        assert "● A  a" in words(pilot)
        await pilot.press(*"half", "enter")
        await until(pilot, lambda: "what DEP-0001 brought to orders on flows is gone" in said(pilot))
    assert codes(n8n) == "00"
    assert releases.desired(scene.context.ledger, "flows", "orders") is None


@pytest.mark.parametrize(
    "place",
    [
        pytest.param(TRIAGE, marks=pytest.mark.presses(Triage="F"), id="home"),
        pytest.param(LINEAGE, marks=pytest.mark.presses(Lineage="F"), id="lineage"),
    ],
)
async def test_a_failed_deployment_is_finished(scene: Scene, n8n: FakeN8n, place: Place) -> None:
    deployment = half_done(scene, n8n, "1")
    async with bare(Desk(scene.context, scene.bo, check_at_start=False), place).run_test(size=(100, 30)) as pilot:
        await opened_at(pilot, deployment)
        assert "ways on" in words(pilot) or "F finishes it" in words(pilot)
        await pressed(pilot, "F", Confirm)
        assert "● A  a" in words(pilot)
        assert "1 component left to push" in words(pilot)
        await pilot.press("y")
        await until(pilot, lambda: "verified DEP-0002" in said(pilot))
    assert codes(n8n) == "11"
    assert not drifting.standing(scene.context.ledger, "flows", "orders")


async def test_where_nothing_failed_both_keys_say_so(mira: DemoDesk) -> None:
    async with bare(mira.desk, TRIAGE).run_test(size=(100, 30)) as pilot:
        await settled(pilot)
        for key in "FU":
            await pilot.press(key)
            await settled(pilot)
            assert "nothing to finish or to take back" in said(pilot)


@pytest.mark.presses(ConfirmRollback="ctrl+o", Lineage="R")
async def test_single_components_are_chosen_and_only_they_go_back(mira: DemoDesk) -> None:
    live = mira.root / "out" / "prod" / "orders" / "flows.json"
    assert live.read_bytes() == orders(3)
    async with bare(mira.desk, LINEAGE).run_test(size=(140, 45)) as pilot:
        await settled(pilot)
        pilot.app.query_one(Lineage).open("DEP-0006")
        await pressed(pilot, "R", ConfirmRollback)
        assert "ctrl+o" in words(pilot)
        await pressed(pilot, "ctrl+o", ChooseSome)
        await pilot.press("enter")
        await settled(pilot)
        assert isinstance(pilot.app.screen, ChooseSome), "none is marked yet"
        pilot.app.screen.query_one("KeyedTable").select("a1f0c0de00000001")
        await pilot.press("space", "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, ConfirmRollback))
        await armed(pilot)
        assert "only 1 component" in words(pilot)
        assert "Order intake; 2 other components as desired now" in words(pilot)
        assert "takes back CR-0007 by theo" in words(pilot)
        await pilot.press(*"prod", "enter", *"totals", "enter")
        await until(pilot, lambda: "verified DEP-0012" in said(pilot))
    now = live.read_bytes()
    assert now not in {orders(1), orders(3)}
    started = list(mira.desk.context.ledger.entries(kinds=["rollback.started"]))[-1]
    assert started.statement.data["component"] == "a1f0c0de00000001"
