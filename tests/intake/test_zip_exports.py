"""Zip exports through the inbox: taken in exactly, understood, delivered exactly; harmful ones end in quarantine."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.parsing import FIXTURES
from support.scene import Scene
from support.zips import made, zipped

from store import archive
from store.intake.inbox import Root, scan
from store.platforms.power_automate.parts import MAX_DOCUMENT
from store.projections import artifacts
from store.services.exports import ingesting

SOLUTION = (FIXTURES / "power_automate/solution.zip").read_bytes()


def drop(scene: Scene, name: str, data: bytes) -> ingesting.Report:
    path = scene.workspace.root / "inbox/prod/finance" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return ingesting.ingest(scene.context, scan(Root(kind="inbox", path=scene.workspace.root / "inbox")))


def test_a_solution_is_ingested_by_its_platform_and_kept_byte_for_byte(scene: Scene) -> None:
    (outcome,) = drop(scene, "finance.zip", SOLUTION).files
    assert (outcome.outcome, outcome.platform) == ("ingested", "power-automate")
    with scene.context.ledger.reading() as connection:
        (row,) = artifacts.newest(connection, "finance", "prod")
        assert archive.get(connection, row.digest) == SOLUTION
        names = {part.name for part in archive.manifest(connection, row.manifest)}
    assert {"Tell who paid", "Pay desk", "Site"} <= names


def test_a_solution_is_delivered_as_the_exact_bytes(scene: Scene) -> None:
    scene.live(SOLUTION, project="finance", name="finance.zip")
    assert scene.delivered(project="finance") == {"finance.zip": SOLUTION}


def test_a_harmful_zip_goes_to_quarantine_with_its_reason(scene: Scene) -> None:
    (outcome,) = drop(scene, "evil.zip", zipped({"../../etc/cron.d/x": b"* * * * *"})).files
    assert outcome.outcome == "quarantined"
    assert outcome.reason is not None
    assert "leads out" in outcome.reason


def test_a_zip_that_calls_itself_json_is_refused(scene: Scene) -> None:
    (outcome,) = drop(scene, "flows.json", SOLUTION).files
    assert outcome.outcome == "quarantined"


def heavy() -> bytes:
    """Return a solution whose flow is the largest document that is read: all brackets, which weigh most in memory."""
    definition = b'{"properties": {"definition": {"triggers": {}, "actions": {"a": {"type": "x", "b": ['
    end = b"]}}}}}"
    body = definition + b"{}," * ((MAX_DOCUMENT - len(definition) - len(end) - 2) // 3) + b"{}" + end
    return zipped({"solution.xml": b"<a><SolutionManifest /></a>", "Workflows/x.json": body})


HOSTILE = {
    "bomb.zip": lambda: zipped({"bomb": b"\0" * 60_000_000}),
    "declared.zip": lambda: made(b"solution.xml", b"x", size=0xFFFF_FFF0),
    "quine.zip": lambda: made(b"solution.xml", b"x" * 1000, copies=9000),
    "many.zip": lambda: zipped({f"{n}": b"" for n in range(12_000)}, packed=False),
    "deep.zip": lambda: zipped({"solution.xml": b"<a>" * 1_000_000}),
    "entity.zip": lambda: zipped({"solution.xml": b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'}),
    "heavy.zip": heavy,
    "nulls.msapp": lambda: b"PK\x03\x04" + b"\0" * 30_000_000,
}
_PROGRAM = """
import resource, sys
from pathlib import Path
from store.errors import BadInput
from store.services.exports.ingesting import understood
path = Path(sys.argv[1])
try:
    print("understood", len(understood(path.read_bytes(), path.name).components))
except BadInput as error:
    print("refused", error)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_archive_costs_a_bounded_time_and_memory(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(HOSTILE[name]())
    began = time.perf_counter()
    ran = subprocess.run([sys.executable, "-c", _PROGRAM, path], capture_output=True, text=True, timeout=60, check=True)
    verdict, peak = ran.stdout.splitlines()
    assert time.perf_counter() - began < 5
    assert int(peak) < 300, f"{peak} MiB"
    assert verdict.startswith("refused")
