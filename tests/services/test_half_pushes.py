"""A process dies in the middle of a push: the next try knows its own half, and nobody else's change."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fake_n8n import FakeN8n
from support.exports import TAMPERED, V1, V2, V3, document
from support.flows_place import approved, broken_at, flows_place
from support.scene import Scene

from store.domain import events as ev
from store.domain.gates.verdict import good
from store.domain.push import is_between
from store.errors import ChangedBehindOurBack, Refusal
from store.services.delivery import deploying, environments, rollback
from store.services.drift import drifting
from store.services.drift.polling import LivePlace
from store.services.requests.gates import GATES

SECRET = b'{"token": "ghp_' + b"C4n4ry" * 6 + b'", "a": 2}'


class Unplugged(BaseException):
    """The process dies here."""


def die_at_rename(number: int, act: Callable[[], object]) -> None:
    """Die when the file of that number (from 0) is to be renamed into its place in a delivery folder."""
    honest, renamed = os.replace, iter(range(100))

    def renaming(old: str, new: str, **where: Any) -> None:
        if os.fspath(old).startswith(".quarterdeck-") and next(renamed) == number:
            raise Unplugged
        honest(old, new, **where)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("os.replace", renaming)
        with pytest.raises(Unplugged):
            act()


def half_delivered(scene: Scene, *, new: bytes = document(a=2)) -> str:
    """Deliver `new` and V2 over two old files, and a third that is new, and die before the last; return the request."""
    scene.ingest(document(a=1), name="a.json")
    scene.live(V1)
    scene.ingest(new, name="a.json")
    scene.ingest(V2)
    scene.ingest(document(z=1), name="sub/z.json")
    request = scene.approved()
    die_at_rename(2, lambda: scene.deploy(request))
    assert scene.delivered()["flows.json"] == V2
    assert "sub/z.json" not in scene.delivered()
    return request


def folder(scene: Scene) -> Path:
    return scene.workspace.root / "out/prod/orders"


def failures(scene: Scene) -> list[ev.DeploymentFailed]:
    found = [ev.decode(entry.statement.kind, entry.statement.on, entry.statement.data) for entry in scene.entries()]
    return [one for one in found if isinstance(one, ev.DeploymentFailed)]


@pytest.mark.parametrize("resumed", [True, False])
def test_the_first_retry_goes_on_from_the_half_that_is_there(scene: Scene, *, resumed: bool) -> None:
    request = half_delivered(scene)
    before = scene.size
    outcome = deploying.resume(scene.context, scene.bo, "DEP-0002") if resumed else scene.deploy(request)
    assert outcome.verified
    assert set(scene.delivered()) == {"a.json", "flows.json", "sub/z.json"}
    assert not [kind for kind in scene.kinds(after=before) if kind.startswith("drift.")], "it is nobody's change"


def test_what_was_found_of_it_stands_in_the_entry_that_it_failed(scene: Scene) -> None:
    request = half_delivered(scene)
    assert scene.deploy(request).verified
    (failed,) = failures(scene)
    assert (failed.deployment, failed.stage) == ("DEP-0002", "interrupted")
    assert (failed.changed, failed.untouched, failed.unsure) == (("a.json", "tab-intake"), ("sub/z.json",), ())


def test_a_half_with_secrets_in_it_is_known_as_well(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    passing = replace(GATES["secrets-clean"], judge=lambda _: good("as a waiver would let it"))
    monkeypatch.setitem(GATES, "secrets-clean", passing)
    request = half_delivered(scene, new=SECRET)
    assert scene.delivered()["a.json"] == SECRET
    assert scene.deploy(request).verified
    assert not scene.entries(kind="drift.opened")


@pytest.mark.parametrize(
    ("name", "data"),
    [
        pytest.param("a.json", document(a=3), id="a file of the half"),
        pytest.param("flows.json", V2 + b"\n", id="one byte more"),
        pytest.param("stray.json", document(b=1), id="a file that nobody asked for"),
        pytest.param("sub/z.json", document(z=2), id="a file that was to come"),
    ],
)
def test_what_somebody_changed_since_is_still_behind_our_back(scene: Scene, name: str, data: bytes) -> None:
    request = half_delivered(scene)
    (folder(scene) / name).parent.mkdir(exist_ok=True)
    (folder(scene) / name).write_bytes(data)
    there = scene.delivered()
    with scene.refused("behind our back", ChangedBehindOurBack, beside=BESIDE):
        deploying.resume(scene.context, scene.bo, "DEP-0002")
    assert scene.delivered() == there, "nothing was pushed"
    assert scene.state(request) == "approved"


BESIDE = ("deployment.failed", "configuration.observed", "drift.opened", "risk.assessed", "gate.evaluated")


def test_another_request_does_not_go_over_the_half_of_one_that_died(scene: Scene) -> None:
    half_delivered(scene)
    scene.ingest(V3)
    other = scene.approved()
    with pytest.raises(ChangedBehindOurBack):
        scene.deploy(other)
    with pytest.raises(Refusal, match="has drifted"):
        scene.deploy(other)


def test_a_half_is_not_looked_for_where_the_environment_delivers_by_now(scene: Scene) -> None:
    half_delivered(scene)
    environments.edit(scene.context, scene.alice, "prod", changes={"deliver": "out/elsewhere"})
    elsewhere = scene.workspace.root / "out/elsewhere/orders"
    elsewhere.mkdir(parents=True)
    (elsewhere / "flows.json").write_bytes(V2)
    plan = rollback.plan(scene.context, "prod", "orders", to="DEP-0001")
    with pytest.raises(ChangedBehindOurBack):
        rollback.roll_back(scene.context, scene.bo, plan, reason="back")
    (failed,) = failures(scene)
    assert (failed.stage, failed.changed) == ("interrupted", None), "nobody can say what stands where it was pushed"


def test_a_rollback_that_died_half_way_goes_on_at_the_first_try(scene: Scene) -> None:
    scene.ingest(document(a=1), name="a.json")
    scene.live(V1)
    scene.ingest(document(a=2), name="a.json")
    scene.live(V2)
    plan = rollback.plan(scene.context, "prod", "orders")
    die_at_rename(1, lambda: rollback.roll_back(scene.context, scene.bo, plan, reason="broken"))
    assert scene.delivered()["a.json"] == document(a=1)
    assert scene.delivered()["flows.json"] == V2
    again = rollback.plan(scene.context, "prod", "orders")
    assert rollback.roll_back(scene.context, scene.bo, again, reason="broken").verified
    assert scene.delivered() == {"a.json": document(a=1), "flows.json": V1}
    assert not scene.entries(kind="drift.opened")


def test_a_revert_that_died_half_way_goes_on_and_knows_what_it_was_to_revert(scene: Scene) -> None:
    scene.ingest(document(a=1), name="a.json")
    scene.live(V1)
    for name, data in (("a.json", document(a=9)), ("flows.json", TAMPERED)):
        (folder(scene) / name).write_bytes(data)
    scene.ingest(V2)
    with pytest.raises(ChangedBehindOurBack):
        scene.deploy(scene.approved())
    plan = rollback.plan_revert(scene.context, "DR-0001")
    die_at_rename(1, lambda: rollback.roll_back(scene.context, scene.bo, plan, reason="not ours"))
    assert scene.delivered()["flows.json"] == TAMPERED
    again = rollback.plan_revert(scene.context, "DR-0002")
    assert rollback.roll_back(scene.context, scene.bo, again, reason="not ours").verified
    assert scene.delivered() == {"a.json": document(a=1), "flows.json": V1}
    assert not drifting.standing(scene.context.ledger, "prod", "orders")


def test_a_half_that_died_twice_is_still_known(scene: Scene) -> None:
    request = half_delivered(scene)
    die_at_rename(1, lambda: scene.deploy(request))
    assert scene.deploy(request).verified
    assert [(one.deployment, one.stage) for one in failures(scene)] == [
        ("DEP-0002", "interrupted"),
        ("DEP-0003", "interrupted"),
    ]
    assert not scene.entries(kind="drift.opened")


def test_the_other_projects_of_an_environment_are_asked_for_themselves(scene: Scene) -> None:
    half_delivered(scene)
    scene.live(V1, project="bills")
    (failed,) = failures(scene)
    assert (failed.project, failed.changed) == ("orders", ("a.json", "tab-intake"))


@pytest.fixture
def n8n(scene: Scene) -> Iterator[FakeN8n]:
    """The environment `flows`: an n8n with the workflows a, b, c."""
    with flows_place(scene, "abc") as fake:
        yield fake


def half_pushed(scene: Scene, fake: FakeN8n) -> str:
    """Deploy 1, then 2 until the process dies: before c was written, and before it was recorded how it went."""
    assert scene.deploy(approved(scene, a="1", b="1", c="1")).verified
    request = approved(scene, a="2", b="2", c="2")
    broken_at(fake, "c")

    def die(words: str) -> None:
        if words == "reading back":
            raise Unplugged

    with pytest.raises(Unplugged):
        deploying.deploy(scene.context, scene.bo, request, progress=die)
    fake.plug = lambda method, path: None
    fake.log.clear()
    return request


def test_on_a_platform_only_what_is_left_is_pushed(scene: Scene, n8n: FakeN8n) -> None:
    request = half_pushed(scene, n8n)
    assert scene.deploy(request).verified
    assert n8n.writes() == [("PUT", "workflows/c")]
    (failed,) = failures(scene)
    assert (failed.changed, failed.untouched, failed.unsure) == (("a", "b"), ("c",), ())
    assert not scene.entries(kind="drift.opened")


def test_on_a_platform_that_was_watched_meanwhile_it_is_known_drift_and_goes_on_as_well(
    scene: Scene, n8n: FakeN8n
) -> None:
    request = half_pushed(scene, n8n)
    assert LivePlace(scene.context, "flows").poll().news == 2
    assert scene.deploy(request).verified
    assert not drifting.standing(scene.context.ledger, "flows", "orders")


def test_on_a_platform_what_somebody_changed_since_is_still_behind_our_back(scene: Scene, n8n: FakeN8n) -> None:
    request = half_pushed(scene, n8n)
    n8n.saved("c", nodes=[])
    with pytest.raises(ChangedBehindOurBack):
        scene.deploy(request)
    assert not n8n.writes()
    (failed,) = failures(scene)
    assert (failed.changed, failed.untouched, failed.unsure) == (("a", "b"), (), ("c",))
    with pytest.raises(Refusal, match="has drifted"):
        scene.deploy(request)


@pytest.mark.parametrize("others", [{"b": "0"}, {"a": "9"}, {"a": "9", "b": "2"}])
def test_what_is_in_none_of_the_releases_is_not_between_them(others: dict[str, str]) -> None:
    old, new = {"a": "1", "b": "1"}, {"a": "2", "c": "2"}
    for half in ({"a": "2", "b": "1"}, {"a": "1"}, {"a": "2", "c": "2"}, {"a": "1", "b": "1", "c": "2"}):
        assert is_between(half, [old, new], known={})
    assert not is_between({"a": "1", "b": "1", **others}, [old, new], known={})
    assert not is_between({"b": "1"}, [old, new], known={}), "a is to go in neither"
    assert not is_between({"a": "1", "d": "1"}, [old, new], known={}), "d is of neither"
    assert is_between({"a": "1", "d": "1"}, [old, new], known={"d": "1"})
