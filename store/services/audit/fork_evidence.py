"""Evidence of two histories that stands alone: both notes, the proof that does not hold, and how to see it."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from pathlib import Path

from store.errors import StorageFailure
from store.ledger.report import Contradiction, Report
from store.services.audit.copies import Compared

_README = """\
Evidence about the log {origin}
=============================={line}

{verdict}

Each pair of files shows it without trusting the program that wrote them:

  N-kept.note   {kept} (C2SP tlog-checkpoint in a signed note)
  N-ours.note   {ours}
  N-proof.txt   the latter ledger's consistency proof (RFC 9162 section 2.1.4) from the kept size to all its entries,
                one hash a line in base64; empty where the ledger is shorter than what was kept

The log's key, as its owner publishes it:

  {vkey}

An append-only log signs no two notes of which neither extends the other. Where both are signed by this key:
  - the same size with two roots is such a pair by itself;
  - a kept size above the ledger's own size means entries are gone: a restore, a loss or a cut;
  - otherwise check N-proof.txt from the kept size and root: it does not lead to both roots.

Any tool for signed notes checks the signatures; quarterdeck verify --file COPY.db --log-key VKEY --head N-kept.note
repeats the finding on a copy of the database.
"""


def write_evidence(report: Report, folder: Path, *, origin: str, log_key: str) -> tuple[Path, ...]:
    """Write both notes and the proof of every contradiction to `folder`; return the files, none for none.

    Raises:
        StorageFailure: the disk says no.
    """
    if not report.contradictions:
        return ()
    words = _README.format(
        origin=origin,
        line="=" * len(origin),
        verdict=f"verdict {report.verdict.value}: this ledger contradicts a head of the same log that was kept"
        " somewhere else.",
        kept="the signed checkpoint that was kept",
        ours="the newest signed checkpoint in the ledger that was verified",
        vkey=log_key,
    )
    return _write(folder, words, distinct(report.contradictions))


def write_fork(found: Compared, folder: Path, names: tuple[str, str]) -> tuple[Path, ...]:
    """Write the newest notes of two ledgers that fork and the proof to `folder`; `names` are what they are called.

    Raises:
        StorageFailure: the disk says no.
    """
    comparison = found.comparison
    notes = [(comparison.first, comparison.first_note, names[0]), (comparison.second, comparison.second_note, names[1])]
    (_, kept, shorter), (_, ours, longer) = sorted(notes, key=lambda side: side[0].size)
    words = _README.format(
        origin=found.log.origin,
        line="=" * len(found.log.origin),
        verdict=f"FORKED: {shorter!a} and {longer!a} have {comparison.common} entries in common;"
        " after them both go on, differently.",
        kept=f"the newest signed checkpoint of {shorter!a}",
        ours=f"the newest signed checkpoint of {longer!a}",
        vkey=found.log.verifier.vkey,
    )
    return _write(folder, words, [Contradiction(kept=kept or b"", ours=ours, proof=comparison.proof)])


def _write(folder: Path, words: str, found: Sequence[Contradiction]) -> tuple[Path, ...]:
    files = {"README.txt": words.encode()}
    for number, one in enumerate(found, start=1):
        files |= _files_of(number, one)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in files.items():
            (folder / name).write_bytes(data)
    except OSError as error:
        raise StorageFailure(f"{folder}: the evidence cannot be written ({error.strerror})") from error
    return tuple(folder / name for name in files)


def distinct(found: Sequence[Contradiction]) -> tuple[Contradiction, ...]:
    """Return one contradiction for each head that was kept, in the note with the most signatures."""
    best: dict[bytes, Contradiction] = {}
    for one in found:
        text = one.kept.rpartition(b"\n\n")[0]
        if text not in best or len(one.kept) > len(best[text].kept):
            best[text] = one
    return tuple(best.values())


def proof_lines(proof: Sequence[bytes]) -> str:
    """Return a proof as text: one base64 hash a line."""
    return "".join(f"{b64encode(item).decode()}\n" for item in proof)


def _files_of(number: int, one: Contradiction) -> dict[str, bytes]:
    files = {f"{number}-kept.note": one.kept, f"{number}-proof.txt": proof_lines(one.proof).encode()}
    return files | ({f"{number}-ours.note": one.ours} if one.ours is not None else {})
