"""A process of its own that appends to a test's ledger: python ledger_child.py FOLDER NAME COUNT [POINT]."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from store.clock import SystemClock
from store.errors import QuarterdeckError
from store.integrity.entry import Statement
from store.integrity.note import NoteSigner
from store.ledger import HeadStore, Ledger, appender, heads, writer

ORIGIN = "ledger.example/test"


def die(*_args: object, **_kwargs: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def arm(point: str) -> None:
    """Make this process die at one point of the next append."""
    match point:
        case "before anything is sealed":
            writer.store_nodes = die
        case "before the checkpoint is stored":
            writer.sign_checkpoint = die
        case "after the commit":
            appender.publish = die
        case "before a head is durable":
            heads._write_durably = die
        case "between two heads":
            real, calls = heads._publish_in, []

            def second(*args: object, **kwargs: object) -> None:
                if calls:
                    die()
                calls.append(1)
                real(*args, **kwargs)

            heads._publish_in = second
        case "before the heads' folder is durable":
            sync, synced = os.fsync, []

            def only_once(descriptor: int) -> None:
                if synced:
                    die()
                synced.append(descriptor)
                sync(descriptor)

            os.fsync = only_once
        case _:
            raise SystemExit(f"no point {point!r}")


def main(folder: Path, name: str, count: int, point: str | None) -> int:
    signer = NoteSigner(ORIGIN, Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
    ledger = Ledger.open(
        folder / "ledger.db",
        clock=SystemClock(),
        heads=(HeadStore(folder / "state" / "one"), HeadStore(folder / "elsewhere" / "two")),
        log_signer=signer,
        verifier=signer.verifier,
        origin=ORIGIN,
    )
    if point:
        arm(point)
    for number in range(count):
        statement = Statement(
            origin=ORIGIN,
            kind="thing.happened",
            time="2026-03-02T09:00:00.000Z",
            actor="p-1",
            on={"request": name},
            data={"number": number, "text": "x" * (number % 700)},
        )
        try:
            with ledger.writing() as transaction:
                entry = transaction.append(statement)
        except QuarterdeckError as error:
            os.write(1, f"error {type(error).__name__} {ledger.writable}\n".encode())
            return 0
        os.write(1, f"{entry.seq}\n".encode())
    ledger.close()
    return 0


if __name__ == "__main__":
    place, who, times, *rest = sys.argv[1:]
    raise SystemExit(main(Path(place), who, int(times), rest[0] if rest else None))
