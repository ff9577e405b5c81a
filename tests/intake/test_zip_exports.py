"""Zip exports through the inbox: taken in exactly, understood, delivered exactly; harmful ones end in quarantine."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from support.parsing import FIXTURES
from support.scene import Scene
from support.zips import made, zipped

from store import archive
from store.intake.inbox import Root, scan
from store.platforms.power_automate.contents import MAX_VALUES
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


def heavy(count: int) -> bytes:
    """Return a solution of flows that are all brackets, which weigh most in memory: `count` values in four files."""
    body = b'{"properties": {"definition": {"actions": {"a": {"type": "x", "b": [%s]}}}}, "schemaVersion": "1"}'
    flow = body % (b"{}," * (count // 8) + b"{}")
    solution = b"<ImportExportXml><SolutionManifest><UniqueName>x</UniqueName></SolutionManifest></ImportExportXml>"
    return zipped({"solution.xml": solution, **{f"Workflows/{n}.json": flow for n in range(4)}}, packed=False)


HOSTILE = {
    "bomb.zip": lambda: zipped({"bomb": b"\0" * 60_000_000}),
    "declared.zip": lambda: made(b"solution.xml", b"x", size=0xFFFF_FFF0),
    "quine.zip": lambda: made(b"solution.xml", b"x" * 1000, copies=9000),
    "many.zip": lambda: zipped({f"{n}": b"" for n in range(12_000)}, packed=False),
    "deep.zip": lambda: zipped({"solution.xml": b"<a>" * 1_000_000}),
    "entity.zip": lambda: zipped({"solution.xml": b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'}),
    "heavy.zip": lambda: heavy(MAX_VALUES + 100),
    "almost.zip": lambda: heavy(MAX_VALUES - 1000),
    "nulls.msapp": lambda: b"PK\x03\x04" + b"\0" * 30_000_000,
}
_PROGRAM = """
import os, sys
from pathlib import Path
from store.errors import BadInput
from store.platforms import recognise

for path in map(Path, sys.argv[1:]):
    child = os.fork()
    if not child:
        try:
            print(path.name, "understood", len(recognise(path.read_bytes(), path.name).components))
        except BadInput as error:
            print(path.name, "refused:", error)
        sys.stdout.flush()
        os._exit(0)
    _, _, used = os.wait4(child, 0)
    print(path.name, round(used.ru_utime + used.ru_stime, 3), used.ru_maxrss // 1024, flush=True)
"""


def test_a_hostile_archive_costs_a_bounded_time_and_memory(tmp_path: Path) -> None:
    for name, data in HOSTILE.items():
        (tmp_path / name).write_bytes(data())
    program = [sys.executable, "-c", _PROGRAM, *sorted(tmp_path.iterdir())]
    told = subprocess.run(program, capture_output=True, text=True, timeout=60, check=True).stdout.splitlines()
    assert len(told) == 2 * len(HOSTILE)
    for verdict, cost in zip(told[::2], told[1::2], strict=True):
        name, seconds, peak = cost.split()
        assert verdict.startswith(f"{name} {'understood 5' if name == 'almost.zip' else 'refused:'}"), verdict
        assert float(seconds) < 5, cost
        assert int(peak) < 300, cost
