from __future__ import annotations

import os
from pathlib import Path

import pytest
from support.exports import V1, V2, document
from support.scene import Scene

from store import archive
from store.domain import events as ev
from store.intake.inbox import Root, scan
from store.projections import artifacts
from store.services.exports import ingesting
from store.services.exports.appending import Read


def drop(scene: Scene, files: dict[str, bytes], *, project: str = "orders") -> ingesting.Report:
    """Drop files at once and ingest whatever the inbox holds."""
    folder = scene.workspace.root / "inbox"
    for name, data in files.items():
        path = folder / "prod" / project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return ingesting.ingest(scene.context, scan(Root(kind="inbox", path=folder)))


def outcomes(report: ingesting.Report) -> dict[str, str]:
    return {file.path.rpartition("/")[2]: file.outcome for file in report.files}


def test_a_file_that_cannot_be_read_stops_no_other(scene: Scene) -> None:
    report = drop(scene, {"a.json": V1, "b.json": b"{broken", "c.json": document(c=1), "d.bin": b"\x00\xff"})
    assert outcomes(report) == {
        "a.json": "ingested",
        "b.json": "quarantined",
        "c.json": "ingested",
        "d.bin": "quarantined",
    }
    with scene.context.ledger.reading() as connection:
        refused = {row.path.rpartition("/")[2]: row for row in artifacts.refused(connection)}
    assert set(refused) == {"b.json", "d.bin"}
    for row in refused.values():
        assert row.reason
        assert (scene.workspace.root / row.kept).exists()
    left = {path.name for path in (scene.workspace.root / "inbox").rglob("*") if path.is_file()}
    assert left == {"a.json", "c.json"}


def test_the_same_bytes_again_are_no_news_and_the_old_ones_again_are(scene: Scene) -> None:
    assert outcomes(drop(scene, {"flows.json": V1})) == {"flows.json": "ingested"}
    size = scene.size
    assert outcomes(drop(scene, {"flows.json": V1})) == {"flows.json": "unchanged"}
    assert scene.size == size
    for data in (V2, V1):
        assert outcomes(drop(scene, {"flows.json": data})) == {"flows.json": "ingested"}
    digests = [entry.statement.on["artifact"] for entry in scene.entries(kind="artifact.ingested")]
    assert digests[0] == digests[2] != digests[1]


def test_the_archive_gives_back_the_exact_bytes(scene: Scene) -> None:
    odd = document(name="Ärger") + b"\r\n \n"
    digest = scene.ingest(odd, name="odd.json")
    with scene.context.ledger.reading() as connection:
        assert archive.get(connection, digest) == odd


def test_a_secret_never_reaches_an_entry(scene: Scene) -> None:
    canary = "ghp_" + "Zz9" * 12
    drop(scene, {"a.json": document(token=canary), "b.json": document(url=f"https://bo:{canary}@example.com/x")})
    assert not any(canary.encode() in entry.body for entry in scene.entries())
    found = [entry.statement.data["secrets"] for entry in scene.entries(kind="artifact.ingested")]
    assert all(isinstance(count, int) and count > 0 for count in found)


@pytest.mark.parametrize("sort", ["symlink", "fifo", "name"])
def test_what_is_no_plain_file_goes_to_quarantine_unread(scene: Scene, sort: str) -> None:
    folder = scene.workspace.root / "inbox/prod/orders"
    folder.mkdir(parents=True)
    match sort:
        case "symlink":
            (folder / "link.json").symlink_to(scene.keys / "alice")
        case "fifo":
            os.mkfifo(folder / "pipe.json")
        case _:
            (folder / "evil\x1b[31m.json").write_bytes(V1)
    report = drop(scene, {})
    assert [file.outcome for file in report.files] == ["quarantined"]
    assert not any(b"PRIVATE" in entry.body or b"\x1b" in entry.body for entry in scene.entries())
    refused = scene.last("artifact.refused")
    assert isinstance(refused, ev.ArtifactRefused)


def test_a_crash_between_quarantine_and_entry_is_made_up_for(scene: Scene) -> None:
    drop(scene, {"b.json": b"{broken"})
    kept = scene.last("artifact.refused").kept
    source = scene.workspace.root / kept
    orphan = source.with_name("orphan.json")
    orphan.write_bytes(b"{")
    orphan.with_name("orphan.json.reason.txt").write_text("it was broken", encoding="utf-8")
    (entry,) = ingesting.recover_quarantine(scene.context)
    assert entry.statement.data["reason"] == "it was broken"
    assert ingesting.recover_quarantine(scene.context) == ()


def test_five_hundred_files_at_once_all_arrive(scene: Scene) -> None:
    files = {f"{number}.json": document(number=number) for number in range(500)}
    report = drop(scene, files)
    assert report.count("ingested") == 500
    assert len({entry.statement.data["name"] for entry in scene.entries(kind="artifact.ingested")}) == 500


def test_versions_recorded_together_give_the_entries_they_would_give_alone(scene: Scene) -> None:
    line = [document(number=number) for number in range(6)] + [document(number=2), document(number=2)]

    def reads(project: str) -> list[Read]:
        places = [Path("/elsewhere/a.json"), Path("/elsewhere/b.json")]
        drops = [ingesting.drop_at(path, project=project, environment="prod") for path in places]
        return [ingesting.read_export(scene.context, data, drop) for data in line for drop in drops]

    together = ingesting.append(scene.context, reads("together"))
    alone = [outcome for read in reads("alone") for outcome in ingesting.append(scene.context, [read])]
    assert together == alone
    assert [file.outcome for file in together[-4:]] == ["ingested", "ingested", "unchanged", "unchanged"]
    entries = scene.entries(kind="artifact.ingested")
    data = [[one.statement.data for one in entries if one.statement.on["project"] == p] for p in ("together", "alone")]
    assert data[0] == data[1]
    assert len(data[0]) == 14
