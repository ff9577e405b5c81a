from __future__ import annotations

from support.exports import V1, V2
from support.scene import Scene

from store.services.history import history
from store.services.history.history import Instant
from store.services.history.moments import between, moment


def now(scene: Scene) -> Instant:
    return history.now(scene.context)


def test_before_anything_was_deployed_every_place_is_empty(scene: Scene) -> None:
    scene.live()
    found = moment(scene.context, history.resolve(scene.context, "1"))
    assert found.standings == ()
    assert found.absent == (("prod", "orders"),)
    assert found.changes == ()


def test_the_half_hour_before_ends_with_the_instant_itself(scene: Scene) -> None:
    scene.live(V1)
    first = now(scene)
    scene.clock.advance(hours=3)
    scene.live(V2)
    found = moment(scene.context, now(scene))
    assert [entry.seq for entry in found.just_before] == list(range(now(scene).seq, first.seq, -1))
    assert found.previous is not None
    assert found.previous.seq == first.seq
    (change,) = found.changes
    assert (change.environment, change.project, change.old, change.new) == ("prod", "orders", "DEP-0001", "DEP-0002")
    assert change.diff.components
    assert change.before.keys()
    assert change.after.keys()


def test_nothing_happened_in_a_quiet_half_hour(scene: Scene) -> None:
    scene.live(V1)
    seq = now(scene).seq
    later = history.resolve(scene.context, f"{seq}@+3h")
    found = moment(scene.context, later)
    assert found.just_before == ()
    assert found.changes == ()
    assert found.standings[0].same_now


def test_two_instants_with_the_same_releases_differ_in_nothing(scene: Scene) -> None:
    scene.live(V1)
    first = now(scene)
    scene.open_note()
    assert between(scene.context, first, now(scene)) == ()


def test_a_first_deployment_comes_from_nothing(scene: Scene) -> None:
    scene.live(V1)
    (change,) = between(scene.context, history.resolve(scene.context, "1"), now(scene))
    assert change.old is None
    assert change.before == {}
    assert change.diff.to_json()["summary"]["added"] == len(change.after)
