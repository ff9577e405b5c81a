"""Another process on the same workspace: `python rival.py ROOT KEYS HANDLE GO ACT COUNT NAME` acts once GO exists."""

from __future__ import annotations

import sys
import time
from datetime import timedelta
from pathlib import Path

from support.exports import document
from support.scene import Scene, enter_here
from support.ticking import START, TickingClock

from store.errors import Conflict, QuarterdeckError, Refusal
from store.services import approving, deploying


def main(root: str, keys: str, handle: str, go: str, act: str, count: str, name: str) -> None:
    """Open the workspace, say "ready", wait for the signal, act `count` times, print what became of each."""
    scene = enter_here(Path(root), Path(keys), TickingClock(START + timedelta(days=1)))
    print("ready", flush=True)
    while not Path(go).exists():
        time.sleep(0.001)
    for number in range(1, int(count) + 1):
        try:
            said = one(scene, handle, act, number, name)
        except Refusal as refusal:
            said = f"refused {refusal}"
        except Conflict as conflict:
            said = f"conflict {conflict}"
        except QuarterdeckError as error:
            said = f"failed {type(error).__name__} {error}"
        print(said, flush=True)
    scene.workspace.close()


def one(scene: Scene, handle: str, act: str, number: int, name: str) -> str:
    """Do one act and say what it led to."""
    actor = scene.actor(handle)
    match act:
        case "open":
            return scene.open(actor)
        case "ingest":
            return scene.ingest(document(by=name, number=number), name=f"{name}-{number}.json")
        case "ingest same":
            return scene.ingest(document(number=number), name=f"{number}.json")
        case "observe":
            return " ".join(scene.observe(document(version=2), name="limits.json")) or "nothing"
        case "approve":
            return str(approving.approve(scene.context, actor, f"CR-{number:04d}").seq)
        case "deploy":
            return deploying.deploy(scene.context, actor, "CR-0001").deployment
        case _:
            raise ValueError(act)


if __name__ == "__main__":
    main(*sys.argv[1:])
