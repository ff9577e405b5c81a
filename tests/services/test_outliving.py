"""A push program that goes on when quarterdeck dies: nobody pushes beside it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.exports import V1
from support.scene import Scene

from store.errors import Conflict, PlatformFailure
from store.services.delivery import deploying, environments
from store.services.locking import is_pushing, pushing

FETCH = """#!/bin/sh
echo '{"revision": "1", "files": []}'
"""
PUSH = """#!/bin/sh
[ -e pid ] && exit 3
echo $$ > told; mv told pid
exec sleep 600
"""
DEPLOY = """
import sys
from pathlib import Path
from support.ticking import TickingClock
from store.clock import parse_timestamp
from store.integrity.signer import KeyFileSigner
from store.services.context import Actor
from store.services.delivery import deploying
from store.workspace import open_workspace

root, key, now, request = sys.argv[1:]
opened = open_workspace(Path(root), clock=TickingClock(parse_timestamp(now)))
deploying.deploy(opened.context, Actor(handle="bo", signer=KeyFileSigner(Path(key))), request)
"""


def programs(scene: Scene) -> str:
    """Add an environment that is two programs, and return a request for it that is approved."""
    for name, text in (("fetch", FETCH), ("push", PUSH)):
        path = scene.workspace.root / name
        path.write_text(text)
        path.chmod(0o755)
    settings = {"fetch": "./fetch", "push": "./push"}
    environments.add(scene.context, scene.alice, "far", target="command", settings=settings)
    scene.ingest(V1, place="far")
    return scene.approved(place="far")


def killed_while_pushing(scene: Scene, request: str) -> int:
    """Deploy in another process, kill that once its program pushes, and return the program's number."""
    there = Path(__file__).parents[1]
    command = (DEPLOY, str(scene.workspace.root), str(scene.keys / "bo"), scene.context.now, request)
    environment = os.environ | {"PYTHONPATH": f"{there.parent}:{there}"}
    told = scene.workspace.root / "pid"
    until = time.monotonic() + 60
    with subprocess.Popen([sys.executable, "-c", *command], env=environment) as process:
        while not told.exists():
            assert process.poll() is None
            assert time.monotonic() < until
            time.sleep(0.02)
        process.kill()
    return int(told.read_text())


def test_a_push_that_outlives_its_process_keeps_everybody_else_from_pushing_until_it_ends(scene: Scene) -> None:
    program = killed_while_pushing(scene, programs(scene))
    try:
        before = scene.entries(kind="deployment.failed")
        assert is_pushing(scene.context, "far")
        with pytest.raises(Conflict, match="somebody else is deploying to far right now"):
            deploying.resume(scene.context, scene.bo, "DEP-0001")
        assert scene.entries(kind="deployment.failed") == before
    finally:
        os.kill(program, signal.SIGKILL)
    until = time.monotonic() + 60
    while is_pushing(scene.context, "far") and time.monotonic() < until:
        time.sleep(0.01)
    with pytest.raises(PlatformFailure, match="exit status 3"):
        deploying.resume(scene.context, scene.bo, "DEP-0001")
    stages = [entry.statement.data["stage"] for entry in scene.entries(kind="deployment.failed")]
    assert stages == ["interrupted", "push"]


def test_a_program_that_was_left_running_keeps_no_right_once_the_push_is_over(scene: Scene) -> None:
    with pushing(scene.context, "prod") as lock:
        daemon = subprocess.Popen(["sleep", "600"], pass_fds=(lock,))
    try:
        assert not is_pushing(scene.context, "prod")
    finally:
        daemon.kill()
        daemon.wait()
