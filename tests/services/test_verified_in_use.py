"""A ledger that others write to while it is verified: what they add meanwhile is no alarm."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from support.scene import Scene
from support.tampering import past_triggers

from store import projections
from store.ledger import verification
from store.ledger.report import Verdict
from store.services.audit import verifying
from store.services.audit.verifying import Scope


@pytest.fixture
def other(scene: Scene) -> Iterator[Scene]:
    """Somebody else with the same workspace."""
    again = scene.reopened()
    yield Scene(
        workspace=again, clock=scene.clock, keys=scene.keys, alice=scene.alice, bo=scene.bo, cy=scene.cy,
        dana=scene.dana,
    )  # fmt: skip
    again.close()


@pytest.mark.parametrize("so_far", [5, 300])
def test_entries_that_are_added_behind_the_verifier_are_not_missed_from_it(
    scene: Scene, other: Scene, monkeypatch: pytest.MonkeyPatch, so_far: int
) -> None:
    scene.fill(max(scene.size, so_far))
    whole = verification.check_all

    def busy(*arguments: Any) -> Iterator[Any]:
        yield from whole(*arguments)
        other.fill(other.size + 600)  # with a whole tile of nodes

    monkeypatch.setattr(verification, "check_all", busy)
    report = verifying.verify_workspace(scene.context, scope=Scope())
    assert (report.ok, report.problems) == (True, ())


@pytest.mark.parametrize("times", [1, 100])
def test_read_tables_that_others_move_on_meanwhile_are_compared_again(
    scene: Scene, other: Scene, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    rebuilt, left = projections.rebuilt, [times]

    def busy(entries: Any) -> Any:
        made = rebuilt(entries)
        if left[0] > 0 and not scene.context.ledger.reading().__enter__().in_transaction:
            left[0] -= 1
            other.open_note()
        return made

    monkeypatch.setattr(projections, "rebuilt", busy)
    report = verifying.verify_workspace(scene.context, scope=Scope())
    assert (report.ok, report.problems) == (True, ())
    assert left[0] < times, "nobody wrote: this shows nothing"


def test_a_tail_that_is_cut_is_still_missed(scene: Scene) -> None:
    with past_triggers(scene.context.ledger.path) as sql:
        sql.execute("DELETE FROM entry WHERE seq = (SELECT max(seq) FROM entry)")
        sql.execute("INSERT INTO node VALUES (8, 0, zeroblob(32))")
    report = verifying.verify_workspace(scene.context, scope=Scope())
    assert report.verdict is Verdict.INVALID
    assert {"shorter", "tree"} <= {problem.problem for problem in report.problems}
