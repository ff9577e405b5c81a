"""A process of its own that appends to a test's ledger: python ledger_child.py FOLDER NAME COUNT [POINT]."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from store.clock import SystemClock
from store.errors import QuarterdeckError
from store.integrity.entry import Statement
from store.integrity.note import NoteSigner
from store.ledger import HeadStore, Ledger, outgoing, writer
from store.ledger.outgoing import Outgoing

ORIGIN = "ledger.example/test"


def die(*_args: object, **_kwargs: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def wait_until_prepared(then: Callable[[], object] = lambda: None) -> None:
    """Have the COMMIT wait for what is done beside it: this process dies before it, or not at all."""
    real = Outgoing.prepare

    def prepare(self: Outgoing) -> None:
        real(self)
        self._wait()
        then()

    Outgoing.prepare = prepare


def after_the_first(real: Callable[..., None]) -> Callable[..., None]:
    called: list[int] = []

    def second(*args: object, **kwargs: object) -> None:
        if called:
            die()
        called.append(1)
        real(*args, **kwargs)

    return second


def arm(point: str) -> None:
    """Make this process die at one point of the next append."""
    match point:
        case "before anything is sealed":
            writer.store_nodes = die
        case "before the checkpoint is stored":
            writer.sign_checkpoint = die
        case "before the heads are prepared":
            Outgoing.prepare = die
        case "while a head is prepared":
            outgoing.write_durably = die
            wait_until_prepared()
        case "after the heads are prepared":
            wait_until_prepared(then=die)
        case "after the commit":
            Outgoing.publish = die
        case "before a head has its name":
            os.replace = die
        case "between two heads":
            os.replace = after_the_first(os.replace)
        case "before the heads' folder is durable":
            outgoing._Part.sync = die
        case "between two heads' folders":
            outgoing._Part.sync = after_the_first(outgoing._Part.sync)
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
