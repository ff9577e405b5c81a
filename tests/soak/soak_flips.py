"""Every byte of a ledger flipped in turn, on every core: what is reported equals the truth, or is an error."""

from __future__ import annotations

import json
import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path

from soak_ground import Child, Counted, Wrong, append, must, new_workspace
from soak_judge import Judge
from soak_memory import remembering

from store.workspace import open_workspace

WHOLE = 200
"""Of so many flips one is judged by a whole start, too, wherever it lies."""


def flips(folder: Path, times: int, chance: random.Random, *, entries: int = 12) -> Counted:
    """Flip bytes of a ledger in turn: `times` of them, evenly spread; 0 for every byte."""
    root = new_workspace(folder / "flipped")
    space = open_workspace(root)
    for number in range(entries - 2):
        append(space.context, number)
    space.close()
    size = (root / "ledger.db").stat().st_size
    step = max(1, size // times) if times else 1
    places = [
        (min(place + chance.randrange(step), size - 1), 1 << chance.randrange(8)) for place in range(0, size, step)
    ]
    cores = len(os.sched_getaffinity(0))
    shares = [
        Child.start(_share(root, folder / f"core-{core}" / "ws", places[core::cores]), quiet=False)
        for core in range(cores)
    ]
    ends = [share.end() for share in shares]
    told = [json.loads(share.told) for share in shares if share.told]
    for one in told:
        must("wrong" not in one, one.get("wrong"))
    must(ends == [0] * cores, "a share of the flips ended badly")
    done, refused = sum(one["done"] for one in told), sum(one["refused"] for one in told)
    must(done == len(places), f"{done} flips instead of {len(places)}")
    what = (
        f"{entries} entries, {size:,} bytes in the file; {refused:,} flips reported as errors,"
        f" {done - refused:,} changed nothing that is read (free space, caches), 0 silently wrong;"
        f" one in {WHOLE} and all in the header and the schema by a whole start, the others by `verify` and reading"
    )
    return Counted(tries=done, what=what)


def _share(original: Path, root: Path, places: list[tuple[int, int]]) -> Callable[[], int]:
    """Return work for a child: flip at these places of a copy of its own, tell the counts or what was wrong."""

    def work() -> int:
        shutil.copytree(original, root)
        try:
            with remembering():
                said = {"done": len(places), "refused": _flip_each(root, places)}
        except Wrong as wrong:
            said = {"wrong": str(wrong)}
        os.write(1, json.dumps(said).encode())
        return 0

    return work


def _flip_each(root: Path, places: list[tuple[int, int]]) -> int:
    """Flip each of these bytes and put it back; return how many flips were reported as errors."""
    path = root / "ledger.db"
    good = path.read_bytes()
    judge = Judge(root)
    refused = 0
    with path.open("r+b", buffering=0) as file:
        for number, (at, bit) in enumerate(places):
            os.pwrite(file.fileno(), bytes([good[at] ^ bit]), at)
            os.utime(file.fileno(), ns=(0, 0))
            said = judge.of_byte(at)
            must(judge.is_right(said), f"byte {at} flipped, and silently wrong: {str(said)[:300]}")
            if number % WHOLE == 0 and not _is_written(file.fileno()):
                whole = judge.as_a_start_does()
                must(judge.is_right(whole), f"byte {at} flipped, and silently wrong: {str(whole)[:300]}")
                must(whole[0] == "error" or said[0] == "good", f"byte {at} flipped: an error only here: {said[1]}")
            refused += said[0] == "error"
            if _is_written(file.fileno()):  # an older format was read, and brought up to date
                os.truncate(file.fileno(), len(good))
                os.pwrite(file.fileno(), good, 0)
            else:
                os.pwrite(file.fileno(), good[at : at + 1], at)
    must(path.read_bytes() == good, "the file is not what it was before the first flip")
    return refused


def _is_written(file: int) -> bool:
    """Whether anybody has written to the file since its time was set back."""
    return os.fstat(file).st_mtime_ns != 0
