"""Two processes on one workspace at once: nothing lost, nothing twice, every id once."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from support.exports import document
from support.scene import Scene

from store.ledger.report import Verdict
from store.services.audit.verifying import Scope, verify_workspace
from store.services.drift import drifting

TESTS = Path(__file__).resolve().parents[1]


def race(scene: Scene, *rivals: tuple[str, str, int]) -> list[list[str]]:
    """Let processes (handle, act, count) loose on the scene's workspace at once; return what each said."""
    go = scene.workspace.root.parent / "go"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS), str(TESTS.parent)])}
    running = [
        subprocess.Popen(
            [
                sys.executable,
                TESTS / "support" / "rival.py",
                *map(str, (scene.workspace.root, scene.keys, handle, go, act, count, f"p{number}")),
            ],
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        for number, (handle, act, count) in enumerate(rivals)
    ]
    for process in running:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    go.touch()
    said = [process.communicate(timeout=60)[0].splitlines() for process in running]
    assert [process.returncode for process in running] == [0] * len(running)
    return said


def assert_whole(scene: Scene) -> None:
    """No entry is lost or twice, and everything verifies."""
    assert [entry.seq for entry in scene.entries()] == list(range(1, scene.size + 1))
    report = verify_workspace(scene.context, scope=Scope())
    assert (report.verdict, report.problems) == (Verdict.ANCHORED, ())


def flat(said: Sequence[Sequence[str]]) -> list[str]:
    return sorted(line for lines in said for line in lines)


def test_requests_opened_by_two_processes_are_numbered_without_gap_or_double(scene: Scene) -> None:
    scene.ingest()
    said = race(scene, ("cy", "open", 10), ("bo", "open", 10))
    opened = [entry.statement.on["request"] for entry in scene.entries(kind="request.opened")]
    assert opened == [f"CR-{number:04d}" for number in range(1, 21)]
    assert flat(said) == opened
    assert_whole(scene)


def test_exports_ingested_by_two_processes_are_all_there_once(scene: Scene) -> None:
    said = race(scene, ("cy", "ingest", 10), ("bo", "ingest", 10))
    digests = [entry.statement.on["artifact"] for entry in scene.entries(kind="artifact.ingested")]
    assert len(set(digests)) == len(digests) == 20
    assert flat(said) == sorted(digests)
    assert_whole(scene)


def test_the_same_exports_seen_by_two_watchers_are_ingested_once(scene: Scene) -> None:
    race(scene, ("cy", "ingest same", 10), ("bo", "ingest same", 10))
    names = [entry.statement.data["name"] for entry in scene.entries(kind="artifact.ingested")]
    assert sorted(map(str, names)) == sorted(f"{number}.json" for number in range(1, 11))
    assert_whole(scene)


def test_one_drift_seen_by_two_watchers_is_opened_once(scene: Scene) -> None:
    scene.live(document(version=1), name="limits.json")
    race(scene, ("cy", "observe", 3), ("bo", "observe", 3))
    assert scene.kinds().count("drift.opened") == 1
    assert list(drifting.standing(scene.context.ledger, "prod", "orders")) == ["limits.json"]
    assert_whole(scene)


def test_two_approvers_at_once_are_two_approvals_and_one_of_them_completes(scene: Scene) -> None:
    scene.ingest()
    for _ in range(8):
        scene.submitted(risk="high")
    said = race(scene, ("bo", "approve", 8), ("dana", "approve", 8))
    assert all(line.isdecimal() for line in flat(said)), said
    granted = scene.entries(kind="approval.granted")
    for number in range(1, 9):
        mine = [entry for entry in granted if entry.statement.on["request"] == f"CR-{number:04d}"]
        assert {entry.statement.actor for entry in mine} == {"bo", "dana"}
        assert [entry.statement.data["complete"] for entry in mine] == [False, True]
    assert_whole(scene)


def test_one_approver_in_two_places_at_once_is_one_approval(scene: Scene) -> None:
    scene.ingest()
    for _ in range(8):
        scene.submitted(risk="high")
    said = race(scene, ("dana", "approve", 8), ("dana", "approve", 8))
    assert len(scene.entries(kind="approval.granted")) == 8
    assert sum("one person is one approval" in line for line in flat(said)) == 8
    assert_whole(scene)


@pytest.mark.parametrize("others", [("deploy", 1), ("open", 10)])
def test_a_deployment_happens_once_whatever_else_goes_on(scene: Scene, others: tuple[str, int]) -> None:
    scene.ingest()
    scene.approved()
    said = race(scene, ("bo", "deploy", 1), ("bo", *others))
    assert scene.kinds().count("deployment.started") == 1
    assert scene.kinds().count("deployment.verified") == 1
    assert flat(said).count("DEP-0001") == 1
    assert scene.state("CR-0001") == "live"
    assert_whole(scene)
