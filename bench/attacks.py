"""`make attacks`: try every attack of the matrix many times and write docs/attacks.md, zeros included."""

from __future__ import annotations

import json
import os
import random
import shutil
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.attack_moves import MOVES
from bench.attacked import Scene, prepared
from store import projections
from store.domain.signatures import SignatureAudit
from store.integrity.entry import open_entry
from store.ledger import HeadStore
from store.ledger.verify import verify
from store.services.tables import tables

PAGE = Path(__file__).resolve().parents[1] / "docs" / "attacks.md"
COLUMNS = ("chain only", "+ checkpoint in the file", "+ kept head", "+ witness")


@dataclass(frozen=True, kw_only=True)
class Row:
    """How often each level noticed one attack."""

    attack: str
    what: str
    caught: tuple[int, ...]
    trials: int


def chain_only(path: Path) -> bool:
    """Say whether a hash chain by itself would notice: bodies, hashes, links, dense numbers; nothing else."""
    connection = sqlite3.connect(path)
    try:
        previous, expected = bytes(32), 1
        for seq, body, digest in connection.execute("SELECT seq, body, hash FROM entry ORDER BY seq"):
            entry = open_entry(seq, body, digest)
            if seq != expected or entry.prev != previous:
                return True
            previous, expected = digest, seq + 1
    except Exception:  # noqa: BLE001 - whatever it is, it is noticed
        return True
    finally:
        connection.close()
    return False


def verified(scene: Scene, path: Path, heads: list[HeadStore]) -> bool:
    """Say whether `verify` notices, with these heads kept outside."""
    report = verify(
        path, heads=heads, verifier=scene.verifier, origin=scene.origin, audit=SignatureAudit(), tables=tables()
    )
    if not report.ok:
        return True
    connection = sqlite3.connect(path)
    try:
        rows = connection.execute("SELECT seq, body, hash FROM entry ORDER BY seq").fetchall()
        return bool(projections.differences(connection, [open_entry(*row) for row in rows]))
    finally:
        connection.close()


def measure(folder: Path, trials: int) -> list[Row]:
    """Return the matrix: every attack, `trials` times, against every level."""
    scene = prepared(folder)
    rows = []
    for name, (what, move) in MOVES.items():
        caught = [0, 0, 0, 0]
        for trial in range(trials):
            path, head, witness = _attacked(scene, move, random.Random(f"{name} {trial}"))
            levels: tuple[Callable[[], bool], ...] = (
                lambda path=path: chain_only(path),
                lambda path=path: verified(scene, path, []),
                lambda path=path, head=head: verified(scene, path, [head]),
                lambda path=path, head=head, witness=witness: verified(scene, path, [head, witness]),
            )
            for column, noticed in enumerate(levels):
                caught[column] += noticed()
        rows.append(Row(attack=name, what=what, caught=tuple(caught), trials=trials))
        print(f"  {name}: {' '.join(map(str, caught))} of {trials}", flush=True)
    return rows


def _attacked(
    scene: Scene, move: Callable[[Scene, Path, HeadStore, random.Random], None], chance: random.Random
) -> tuple[Path, HeadStore, HeadStore]:
    """Return a copy of the ledger after the attack, the head beside it, and the head a witness keeps."""
    folder = scene.folder / "trial"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    path, head, witness = folder / "ledger.db", HeadStore(folder / "head.note"), HeadStore(folder / "witness.note")
    shutil.copy(scene.path, path)
    head.write(scene.note)
    witness.write(scene.note)
    move(scene, path, head, chance)
    return path, head, witness


def page(rows: list[Row], took: float) -> str:
    """Return docs/attacks.md."""
    cells = [
        f"| {row.attack} | {row.what} | {' | '.join(f'{count}/{row.trials}' for count in row.caught)} |" for row in rows
    ]
    return "\n".join(
        [
            "# The attack matrix",
            "",
            f"Written by `make attacks` in {took:.0f} s. Each cell: noticed / trials.",
            "Every attacker can write the database file and knows the format; who also has the log's key, or reaches",
            "the kept head, is said. Positions and contents are random with a fixed seed. *Chain only* is what a hash",
            "chain alone would notice; each column adds one thing. Signatures of people, table definitions and read",
            "tables are checked from the second column on. The kept head is a file on the same machine; the witness's",
            "memory is out of everybody's reach here.",
            "",
            f"| attack | how | {' | '.join(COLUMNS)} |",
            "|---|---|" + "---|" * len(COLUMNS),
            *cells,
            "",
            "A checkpoint is made with every append, so the window in which a holder of the log's key can rewrite what",
            "no outside place has seen is as long as that place is behind: `verify` prints it as the unanchored tail.",
            "",
        ]
    )


def main() -> int:
    """Measure and write the page; `--trials N` for another number than 100."""
    trials = int(sys.argv[sys.argv.index("--trials") + 1]) if "--trials" in sys.argv else 100
    began = time.monotonic()
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # durability is not what is measured here
    with tempfile.TemporaryDirectory(prefix="quarterdeck-attacks-", dir=memory) as folder:
        os.environ["XDG_STATE_HOME"] = f"{folder}/state"
        rows = measure(Path(folder), trials)
    if trials >= 100:
        PAGE.write_text(page(rows, time.monotonic() - began), encoding="utf-8")
        plain = [{"attack": r.attack, "how": r.what, "caught": dict(zip(COLUMNS, r.caught, strict=True))} for r in rows]
        PAGE.with_suffix(".json").write_text(json.dumps({"trials": trials, "rows": plain}, indent=2) + "\n")
        print(f"wrote {PAGE}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
