"""Witnesses of a scene's ledger, reached in each of the ways there are."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Thread

from msgspec import structs

from store.config import WitnessConfig, WitnessesConfig
from store.services.context import Context
from store.services.witness import witnessing
from store.services.witness.witness_http import WitnessServer
from store.services.witness.witnessing import Witness

COMMAND = Path(sys.executable).with_name("quarterdeck")


def new_witness(context: Context, folder: Path, name: str = "one") -> Witness:
    """Make a witness that knows the ledger's key."""
    return witnessing.create(folder / name, name=f"witness.example/{name}", log_keys=[context.ledger.verifier.vkey])


def watched_by(context: Context, *witnesses: WitnessConfig, quorum: int = 1) -> Context:
    """Return the same workspace with these witnesses in its configuration."""
    section = WitnessesConfig(quorum=quorum, known=witnesses)
    return replace(context, config=structs.replace(context.config, witnesses=section))


def by_pipe(witness: Witness, *command: str) -> WitnessConfig:
    """Reach it as `ssh host quarterdeck witness` would, without the ssh."""
    run = command or (str(COMMAND), "witness", "--state", str(witness.state))
    return WitnessConfig(vkey=witness.vkey, command=run)


def by_folder(witness: Witness, folder: Path) -> WitnessConfig:
    folder.mkdir(exist_ok=True)
    return WitnessConfig(vkey=witness.vkey, folder=str(folder))


@contextmanager
def by_http(witness: Witness) -> Iterator[WitnessConfig]:
    with WitnessServer(witness, ("127.0.0.1", 0), _quiet, _quiet) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield WitnessConfig(vkey=witness.vkey, url=server.url, seconds=5)
        finally:
            server.shutdown()
            thread.join()


def _quiet(_line: str) -> None:
    return
