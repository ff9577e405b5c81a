"""A rollback or a revert that fails on the way: what is offered then, and that it helps."""

from __future__ import annotations

import pytest
from fake_n8n import FakeN8n
from support.flows_place import approved, broken_at, codes
from support.scene import Scene

from console.cli.main import run
from store.errors import ChangedBehindOurBack
from store.services.delivery import rollback
from store.services.delivery.remains import remains
from store.services.triage import triage

AGAIN = "roll back again: quarterdeck rollback flows --project orders --to "


def half_back(scene: Scene, n8n: FakeN8n, *more: str) -> list[str]:
    """Put 2 over 1, roll back on the command line, and pull the plug at the third workflow."""
    for code in "12":
        assert scene.deploy(approved(scene, **dict.fromkeys("abcd", code))).verified
    broken_at(n8n, "c")
    key = ["--key", str(scene.keys / "bo"), "-w", str(scene.workspace.root)]
    assert run([*key, "rollback", "flows", "--project", "orders", "--yes", *more]) == 1
    n8n.plug = lambda method, path: None
    return key


def test_a_rollback_that_failed_is_rolled_back_again_or_taken_back_but_not_resumed(
    scene: Scene, n8n: FakeN8n, capsys: pytest.CaptureFixture[str]
) -> None:
    half_back(scene, n8n)
    offered = capsys.readouterr().out.splitlines()[-2:]
    assert offered[0].startswith(AGAIN)
    assert offered[1] == "take it back: quarterdeck deploy --undo DEP-0003"
    (item,) = [item for item in triage.overview(scene.context, "bo").items if item.kind == "failed"]
    assert item.what.endswith("; ".join(offered))
    assert "--resume" not in item.what


@pytest.mark.parametrize(("offer", "left"), [(0, "1111"), (1, "2222")])
def test_what_is_offered_after_a_failed_rollback_helps(
    scene: Scene, n8n: FakeN8n, capsys: pytest.CaptureFixture[str], offer: int, left: str
) -> None:
    key = half_back(scene, n8n)
    assert codes(n8n) == "1122"
    _, command = capsys.readouterr().out.splitlines()[-2:][offer].split("quarterdeck ")
    assert run([*key, *command.split(), "--yes"]) == 0
    assert codes(n8n) == left


def test_a_rollback_of_one_component_that_failed_is_repeated_with_it_alone(
    scene: Scene, n8n: FakeN8n, capsys: pytest.CaptureFixture[str]
) -> None:
    half_back(scene, n8n, "--component", "c")
    assert "roll back again: quarterdeck rollback flows --project orders --component c\n" in capsys.readouterr().out


def test_a_revert_by_hand_that_failed_is_called_a_revert_and_done_again_by_the_drift(
    scene: Scene, n8n: FakeN8n
) -> None:
    assert scene.deploy(approved(scene, a="1", b="1")).verified
    for name in "ab":
        n8n.saved(name, nodes=[])
    with pytest.raises(ChangedBehindOurBack):
        scene.deploy(approved(scene, a="2"))
    broken_at(n8n, "b")
    plan = rollback.plan_revert(scene.context, "DR-0001")
    outcome = rollback.roll_back(scene.context, scene.bo, plan, reason="nobody asked for it")
    n8n.plug = lambda method, path: None
    again = "revert what drifted: quarterdeck drift list flows --project orders, then quarterdeck drift revert ID"
    assert remains(scene.context, outcome.deployment, "bo").resume_blocked == (
        "DEP-0002 deployed no request: it was a revert",
        f"→ {again}",
    )
    (item,) = [item for item in triage.overview(scene.context, "bo").items if item.kind == "failed"]
    assert item.what.endswith(f"; {again}")
