"""Another process on the same workspace: `python rival.py ROOT KEYS HANDLE GO ACT COUNT NAME` acts once GO exists."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path

from support.exports import document
from support.scene import Scene, enter_here
from support.ticking import START, TickingClock

from store.errors import Conflict, QuarterdeckError, Refusal
from store.services.delivery import deploying
from store.services.requests import approving


def main(root: str, keys: str, handle: str, go: str, act: str, count: str, name: str) -> None:
    """Open the workspace, say "ready", wait for the signal, act `count` times, print what became of each."""
    scene = enter_here(Path(root), Path(keys), TickingClock(START + timedelta(days=1)))
    print("ready", flush=True)
    while not Path(go).exists():
        time.sleep(0.001)
    for number in range(1, int(count) + 1):
        print(patiently(partial(one, scene, handle, act, number, name)), flush=True)
    scene.workspace.close()


def patiently(act: Callable[[], str]) -> str:
    """Act, and again where the ledger kept moving under the decision, as its message asks for; say how it ended."""
    for _ in range(50):
        try:
            return act()
        except Conflict as conflict:
            said = f"conflict {conflict}"
            if "look again and repeat it" not in said:
                break
        except Refusal as refusal:
            return f"refused {refusal}"
        except QuarterdeckError as error:
            return f"failed {type(error).__name__} {error}"
    return said


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
