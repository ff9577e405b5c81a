"""Taking back what one did last: by an entry, where one can; else with what to do instead."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.cli.main import run
from store.demo import build
from store.errors import Refusal
from store.integrity.signer import KeyFileSigner
from store.services import undoing
from store.services.context import Actor
from store.services.delivery import environments
from store.services.drift import drift_list, drifting
from store.workspace import Workspace, open_workspace


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("undoing")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(folder / "state"))
        build.make(folder / "demo", progress=lambda _: None, seed="tests")
        yield folder / "demo"


@pytest.fixture
def workspace(ground: Path) -> Iterator[Workspace]:
    opened = open_workspace(ground)
    yield opened
    opened.close()


@pytest.fixture
def mira(ground: Path) -> Actor:
    return Actor(handle="mira", signer=KeyFileSigner(ground / "demo-keys" / "mira"))


def test_a_freeze_is_taken_back_by_an_entry_and_that_one_too(workspace: Workspace, mira: Actor) -> None:
    context = workspace.context
    environments.freeze(context, mira, "prod", reason="by mistake")
    found = undoing.last_act(context, "mira")
    assert (found.kind, found.words) == ("environment.frozen", "prod takes deployments again")
    found.record(mira, "it was the wrong one")
    assert environments.one(context.ledger, "prod").frozen is None
    undoing.last_act(context, "mira").record(mira, "it was right after all")
    assert environments.one(context.ledger, "prod").frozen == "it was right after all"
    undoing.last_act(context, "mira").record(mira, "enough")


def test_an_acknowledged_drift_waits_again(workspace: Workspace, mira: Actor) -> None:
    context = workspace.context
    drift = next(one.row for one in drift_list.listing(context, "mira") if one.row.status == "open")
    drifting.acknowledge(context, mira, drift.id, note="known")
    undoing.last_act(context, "mira").record(mira, "another one was meant")
    again = next(one.row for one in drift_list.listing(context, "mira") if one.row.id == drift.id)
    assert (again.status, again.note) == ("open", "another one was meant")
    with pytest.raises(Refusal, match="cannot be taken back"):
        undoing.last_act(context, "mira")  # reopening is answered by acknowledging


def test_somebody_elses_answer_stands_before_an_undo(workspace: Workspace, mira: Actor) -> None:
    context = workspace.context
    drift = next(one.row for one in drift_list.listing(context, "mira") if one.row.status == "open")
    drifting.acknowledge(context, mira, drift.id, note="known")
    found = undoing.last_act(context, "mira")
    found.record(mira, "once")
    with pytest.raises(Refusal, match="is open, no longer acknowledged"):
        found.record(mira, "twice")


def test_what_no_entry_takes_back_says_what_to_do_instead(workspace: Workspace) -> None:
    with pytest.raises(Refusal) as refusal:
        undoing.last_act(workspace.context, "theo")
    assert refusal.value.would_unblock or "nothing lately" in refusal.value.reasons[0]
    with pytest.raises(Refusal, match="nobody-here did nothing lately"):
        undoing.last_act(workspace.context, "nobody-here")


def test_the_command_takes_back_too(ground: Path, capsys: pytest.CaptureFixture[str]) -> None:
    key = str(ground / "demo-keys" / "mira")
    assert run(["-w", str(ground), "--key", key, "freeze", "staging", "--reason", "slip"]) == 0
    capsys.readouterr()
    assert run(["-w", str(ground), "--key", key, "undo", "--yes", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["kind"] == "environment.frozen"
