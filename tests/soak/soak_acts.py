"""kill -9 at every step of every act: nothing acknowledged is lost, nothing half is taken for whole, all can be ended.

python soak_acts.py FOLDER TIMES SEED [ACT...], preloaded with soak_steps.c (`acts` does it); TIMES 0: every step.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import soak_steps
from soak_act_table import ACTS, SECRET, Act
from soak_ground import Child, Counted, must, sound
from support import scene as scenes
from support.scene import Scene
from support.ticking import TickingClock

from store import archive
from store.ledger.appender import Appender
from store.ledger.heads import stated_size
from store.ledger.outgoing import Outgoing
from store.services.audit.verifying import Scope, verify_workspace

PART = "kill -9 inside acts"


def acts(folder: Path, times: int, chance: random.Random) -> Counted:
    """Kill each act at each of its steps on files (`times` = 0), or at so many of them that chance picks."""
    library = soak_steps.built(folder)
    if library is None:
        return Counted(tries=0, what="acts killed", skipped="there is no C compiler: the steps are counted in C")
    environment = soak_steps.with_it(library) | {"PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, __file__, str(folder), str(times), str(chance.randrange(1 << 30))]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    must(done.returncode == 0, done.stderr.strip()[-3000:])
    steps = json.loads(done.stdout)
    each = ", ".join(f"{name} {killed} of {there}" for name, (killed, there) in steps.items())
    what = f"steps on files at which each was killed: {each}; nothing acknowledged lost, all ended as undisturbed ones"
    return Counted(tries=sum(killed for killed, _ in steps.values()), what=what)


class Stage:
    """One act's workspace with all that lies beside it, put back before each kill."""

    def __init__(self, folder: Path, template: Path, keys: Path, at: TickingClock, act: Act) -> None:
        self.act = act
        self.keys = keys
        self.folder = folder / "stage"
        self.kept = folder / "kept"
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.rmtree(self.kept, ignore_errors=True)
        shutil.copytree(template, self.folder)
        self.at = at.at
        with self.entered() as scene:
            act.prepare(scene)
            self.at = scene.clock.at
            self.size = scene.size
        shutil.copytree(self.folder, self.kept)
        with self.entered() as scene:
            soak_steps.arm()
            act.do(scene)
            self.steps = soak_steps.disarm()
            self.expected = act.came_of(scene)

    @contextmanager
    def entered(self, *, later: timedelta = timedelta(0)) -> Iterator[Scene]:
        """Lend the scene, opened as after any start, so much later than the act began."""
        scene = scenes.enter_here(self.folder / "workspace", self.keys, TickingClock(self.at + later))
        try:
            yield scene
        finally:
            scene.workspace.close()

    def kill_at(self, step: int) -> None:
        """Let a child do the act and die at its `step`, look at what is left, finish it, look again."""
        shutil.rmtree(self.folder)
        shutil.copytree(self.kept, self.folder)
        child = Child.start(self._dying(step), quiet=False)
        code = child.end()
        if code == 0:
            raise Ended
        must(code == -signal.SIGKILL, f"ended with {code}")
        with self.entered(later=timedelta(minutes=5)) as scene:
            must(scene.context.ledger.writable, f"not writable: {scene.context.ledger.read_only_reason}")
            told = max(self.size, child.acknowledged)
            must(scene.size >= told, f"lost: {told} were acknowledged, {scene.size} are there")
            self._look(scene, finished=False)
            self.act.half(scene)
            self.act.do(scene)
            came_of = self.act.came_of(scene)
            must(came_of == self.expected, f"{came_of} came of it, undisturbed {self.expected}")
            self._look(scene, finished=True)

    def _dying(self, step: int) -> Callable[[], int]:
        def work() -> int:
            anchor = Appender._anchor

            def anchored(appender: Appender, outgoing: Outgoing, **more: bool) -> None:
                anchor(appender, outgoing, **more)
                stated = stated_size(outgoing.note)
                assert stated is not None
                os.write(1, f"{stated[1]}\n".encode())

            Appender._anchor = anchored  # type: ignore[method-assign]
            with self.entered() as scene:
                soak_steps.arm(step)
                self.act.do(scene)
                soak_steps.disarm()
            return 0

        return work

    def _look(self, scene: Scene, *, finished: bool) -> None:
        report = verify_workspace(scene.context, scope=Scope())
        if finished or any(one.problem != "sealed" for one in report.problems):  # "shred it again to finish that"
            sound(report, scene.size)
        must(not (left := _in_clear(scene)), f"a secret stands in clear in {left}")


class Ended(Exception):
    """The act came to its end before the step it was to die at."""


def _in_clear(scene: Scene) -> list[str]:
    """Return where the secret stands readable: in the files, and in what the archive keeps compressed."""
    root = scene.workspace.root
    apart = {root / name for name in ("inbox", "observed", "out")}
    files = [path for folder in (root, root.parent / "tmp", root.parent / "state") for path in folder.rglob("*")]
    looked = [path for path in files if path.is_file() and not apart & set(path.parents)]
    found = [str(path) for path in looked if _holds(path.read_bytes())]
    with scene.context.ledger.reading() as connection:
        digests = [digest for (digest,) in connection.execute("SELECT lower(hex(digest)) FROM blob").fetchall()]
        found += [f"blob {digest}" for digest in digests if _holds(archive.get(connection, digest))]
    return found


def _holds(data: bytes) -> bool:
    return SECRET.encode() in data


def main(folder: Path, times: int, seed: int, names: Sequence[str] = ()) -> int:
    """Kill them all; print act → (kills, steps) as JSON."""
    keys, clock = folder / "keys", TickingClock()
    template, state = folder / "template", folder / "stage" / "state"
    os.environ["XDG_STATE_HOME"] = str(state)
    (folder / "stage" / "tmp").mkdir(parents=True)
    tempfile.tempdir = os.environ["TMPDIR"] = str(folder / "stage" / "tmp")
    keys.mkdir()
    scenes.build(folder / "stage" / "workspace", keys, clock)
    shutil.move(folder / "stage", template)
    done: dict[str, tuple[int, int]] = {}
    wrong: list[str] = []
    for name in names or ACTS:
        stage = Stage(folder, template, keys, clock, ACTS[name])
        chance = random.Random(seed + zlib.crc32(name.encode()))
        picked = sorted(chance.sample(range(1, stage.steps + 1), min(times, stage.steps)))
        killed = 0
        for step in picked or range(1, 100_000):
            try:
                stage.kill_at(step)
            except Ended:
                break
            except Exception as error:  # whatever it is, it is said with the step, and the others are tried
                what = str(error)[:400]
                wrong.append(f"{name}, killed at step {step} of {stage.steps}: {type(error).__name__}: {what}")
            killed += 1
        done[name] = (killed, stage.steps)
        print(f"{name}: {killed} of {stage.steps}, {len(wrong)} wrong so far", file=sys.stderr, flush=True)
    print(json.dumps(done))
    print("\n".join(wrong), file=sys.stderr)
    return 1 if wrong else 0


PARTS = {PART: acts}

if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:]))
