"""What can be said of a workspace that cannot be opened: by the file of its ledger alone, or by that file's absence."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

from store.config import Config
from store.errors import IntegrityFailure, NotFound, StorageFailure
from store.integrity.checkpoint import open_checkpoint
from store.integrity.merkle import EMPTY_ROOT
from store.integrity.note import Verifier
from store.ledger.schema import NotALedger
from store.services.identity import log_key_file as log_keys
from store.services.tables import tables
from store.workspace.layout import LEDGER_FILE, heads_of, settings_of

if TYPE_CHECKING:
    from store.ledger.report import Contradiction, Problem, Report, Verdict


def verify_unopened(root: Path) -> Report:
    """Verify the ledger of a workspace that cannot be opened, by its file alone; or by the file's absence.

    Raises:
        BadInput: it is no workspace, its ledger is of a newer version, or there is none and no head remembers one.
    """
    from store.domain.signatures import SignatureAudit
    from store.ledger.report import Problem, Verdict
    from store.ledger.verify import verify
    from store.services.witness.cosigning import stores_of, verifier_of

    root = root.absolute()
    settings = settings_of(root)
    if not os.path.lexists(root / LEDGER_FILE):
        return missing(root, settings)
    try:
        return verify(
            root / LEDGER_FILE,
            heads=(*heads_of(root, settings), *stores_of(root, settings.witnesses)),
            verifier=Verifier.from_vkey(settings.ledger.log_key),
            witnesses=[verifier_of(one) for one in settings.witnesses.known],
            quorum=settings.witnesses.quorum,
            origin=settings.ledger.origin,
            second=log_keys.expected_second(settings),
            audit=SignatureAudit(),
            tables=tables(),
        )
    except NotALedger as error:  # anywhere else it would be bad input; here a ledger has stood
        return _nothing(Verdict.INVALID, (Problem(seq=0, problem="storage", detail=str(error)),))


def missing(root: Path, settings: Config) -> Report:
    """Return what is to be said of a ledger whose file is gone, by the heads that remember it."""
    from store.ledger.report import Contradiction, Problem, Verdict

    path = root / LEDGER_FILE
    kept = _remembered(root, settings)
    if not kept:
        raise NotFound(f"{path} is missing, and no head remembers how long it was: restore it from a backup")
    problems = tuple(
        Problem(seq=size, problem="shorter", detail=f"{path} is missing; a kept head remembers {size} entries")
        for size in sorted(kept)
    )
    return _nothing(
        Verdict.SHORTER, problems, tuple(Contradiction(kept=note, ours=None) for _, note in sorted(kept.items()))
    )


def _nothing(verdict: Verdict, problems: tuple[Problem, ...], contradictions: tuple[Contradiction, ...] = ()) -> Report:
    """Return the report about a file in which there is no entry to be read."""
    from store.ledger.report import Report

    return Report(
        verdict=verdict,
        entries=0,
        root=EMPTY_ROOT,
        problems=problems,
        contradictions=contradictions,
        tail_entries=0,
        tail_minutes=0,
        seconds=0.0,
    )


def _remembered(root: Path, settings: Config) -> dict[int, bytes]:
    """Return size → note of every kept head that this workspace's log signed."""
    verifier = Verifier.from_vkey(settings.ledger.log_key)
    kept: dict[int, bytes] = {}
    for store in heads_of(root, settings):
        with contextlib.suppress(StorageFailure, IntegrityFailure):
            note = store.read()
            if note is not None:
                kept[open_checkpoint(note, [verifier]).size] = note
    return kept
