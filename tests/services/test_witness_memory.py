from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from support.made_log import MadeLog

from store.errors import BadInput, IntegrityFailure, NotFound, QuarterdeckError, StorageFailure
from store.ledger import heads
from store.services.witness import witnessing
from store.services.witness.witnessing import Witness

LOG = MadeLog()


@pytest.fixture
def witness(tmp_path: Path) -> Witness:
    made = witnessing.create(tmp_path / "witness", name="witness.example/w", log_keys=[LOG.vkey])
    for old, size in ((0, 3), (3, 8)):
        assert ask(made, old, size) == 200
    return made


def ask(witness: Witness, old: int, size: int) -> int:
    return witnessing.answer(witness, LOG.request(old, size)).status


def damage_link(path: Path) -> None:
    path.rename(path.with_name("elsewhere"))
    path.symlink_to("elsewhere")


def damage_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


DAMAGES: dict[str, Callable[[Path], object]] = {
    "empty": lambda path: path.write_bytes(b""),
    "cut": lambda path: path.write_bytes(path.read_bytes()[:-20]),
    "altered": lambda path: path.write_bytes(path.read_bytes().replace(b"\n8\n", b"\n3\n")),
    "not text": lambda path: path.write_bytes(b"\xff\xfe" * 100),
    "oversized": lambda path: path.write_bytes(path.read_bytes() * 20_000),
    "world-writable": lambda path: path.chmod(0o666),
    "a link": damage_link,
    "a pipe": damage_pipe,
}


@pytest.mark.parametrize("place", [0, 1, 2], ids=["head", "seen", "outside"])
@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_place_stops_the_witness_and_is_never_begun_anew(witness: Witness, damage: str, place: int) -> None:
    store = (witness.memory.head(LOG.origin), *witness.memory.copies(LOG.origin))[place]
    DAMAGES[damage](store.path)
    for old, size in ((0, 3), (0, 13), (3, 13), (8, 13)):
        with pytest.raises((IntegrityFailure, StorageFailure), match=store.path.name) as said:
            ask(witness, old, size)
        assert "\n" not in str(said.value)


@pytest.mark.parametrize("file", [witnessing.NAME_FILE, witnessing.LOGS_FILE, witnessing.KEY_FILE])
@pytest.mark.parametrize("damage", [one for one in DAMAGES if one not in {"cut", "altered", "oversized"}])
def test_a_damaged_file_of_the_witness_is_named(witness: Witness, damage: str, file: str) -> None:
    DAMAGES[damage](witness.state / file)
    if (damage, file) == ("empty", witnessing.LOGS_FILE):
        assert witnessing.open_witness(witness.state).logs == ()
        return
    if (damage, file) == ("a link", witnessing.KEY_FILE):
        assert witnessing.open_witness(witness.state)  # a key may be kept elsewhere
        return
    with pytest.raises(QuarterdeckError, match=file):
        witnessing.open_witness(witness.state)


def test_a_deleted_head_is_missed_and_can_be_put_back(witness: Witness) -> None:
    head, (seen, _) = witness.memory.head(LOG.origin), witness.memory.copies(LOG.origin)
    head.path.unlink()
    with pytest.raises(IntegrityFailure, match=r"is gone, but this witness cosigned 8 entries .* put that file"):
        ask(witness, 0, 13)
    shutil.copy(seen.path, head.path)
    assert ask(witness, 8, 13) == 200


def test_an_older_head_that_is_put_back_is_noticed(witness: Witness, tmp_path: Path) -> None:
    shutil.copytree(witness.state, tmp_path / "backup")
    assert ask(witness, 8, 13) == 200
    shutil.rmtree(witness.state)
    shutil.copytree(tmp_path / "backup", witness.state)  # the whole folder: only the copy outside of it knows
    with pytest.raises(IntegrityFailure, match="is of 8 entries, but this witness cosigned 13"):
        ask(witnessing.open_witness(witness.state), 8, 9)


def test_forgetting_sets_every_copy_aside_even_a_damaged_one(witness: Witness) -> None:
    witness.memory.head(LOG.origin).path.unlink()
    witness.memory.copies(LOG.origin)[0].path.write_bytes(b"junk")
    witnessing.forget(witness, LOG.origin)
    assert ask(witness, 0, 3) == 200
    with pytest.raises(NotFound):
        witnessing.forget(witness, "never.example/seen")


def test_a_folder_that_others_can_write_is_no_witness(witness: Witness) -> None:
    for folder in (witness.state, witness.state / "heads", witness.state / "seen"):
        folder.chmod(0o777)
        with pytest.raises(IntegrityFailure, match="chmod go-w"):
            witnessing.open_witness(witness.state)
        folder.chmod(0o700)
    (witness.state / witnessing.LOGS_FILE).unlink()
    with pytest.raises(BadInput, match="is gone"):
        witnessing.open_witness(witness.state)


class Crash(BaseException):
    """What kill -9 leaves: nothing after this is done."""


def test_a_crash_at_any_step_leaves_the_old_head_or_the_new_one(witness: Witness, monkeypatch) -> None:
    size, crashed = 8, 0
    for step in range(100):
        left = iter(range(step))

        def stepping(real, left=left):
            def call(*args, **kwargs):
                if next(left, None) is None:
                    raise Crash
                return real(*args, **kwargs)

            return call

        with monkeypatch.context() as patch:
            for name in ("write", "fsync", "replace"):
                patch.setattr(heads.os, name, stepping(getattr(os, name)))
            try:
                answered = ask(witness, size, size + 1) == 200
            except Crash:
                answered, crashed = False, crashed + 1
        known = witnessing.remembered(witness, LOG.origin)
        assert known is not None
        assert known.checkpoint.size in ({size + 1} if answered else {size, size + 1})
        size = known.checkpoint.size
        if answered:
            break
    assert crashed == 12  # write, sync, put in place, sync the folder: in each of three places
    assert ask(witness, size, size + 1) == 200


ANSWERING = """
import os, sys
from pathlib import Path
from support.made_log import MadeLog
from store.services.witness import witnessing
witness, log = witnessing.open_witness(Path(sys.argv[1])), MadeLog()
known = witnessing.remembered(witness, log.origin)
size = known.checkpoint.size
while witnessing.answer(witness, log.request(size, size + 1)).status == 200:
    size += 1
    os.write(1, b"%d\\n" % size)
"""


def test_a_killed_witness_remembers_everything_it_answered(witness: Witness) -> None:
    """The long run by hand: 300 kills, 1,217 heads, 15 of them stored and not yet answered."""
    chance, last = random.Random(3), 8
    root = Path(__file__).parents[1]
    environment = {**os.environ, "PYTHONPATH": f"{root}{os.pathsep}{root.parent}"}
    for _ in range(4):
        command = [sys.executable, "-c", ANSWERING, str(witness.state)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as child:
            assert child.stdout is not None
            acknowledged = [child.stdout.readline() for _ in range(chance.randrange(1, 9))][-1]
            child.send_signal(signal.SIGKILL)
            acknowledged = (acknowledged + child.stdout.read()).split()[-1]
            assert child.wait() == -signal.SIGKILL
        known = witnessing.remembered(witness, LOG.origin)
        assert known is not None
        assert last < int(acknowledged) <= known.checkpoint.size <= int(acknowledged) + 1
        last = known.checkpoint.size
