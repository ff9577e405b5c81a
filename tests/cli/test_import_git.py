"""`import-git`, `ingest` of folders and two watchers, as their users meet them."""

from __future__ import annotations

import signal
import subprocess
import time
from pathlib import Path

import pytest
from cli_desk import COMMAND, Desk, eventually
from support.git_repository import repository

from store.demo.samples import orders

PLACE = ("--project", "orders", "--env", "prod")


def test_a_history_is_imported_listed_and_verified(ready: Desk, tmp_path: Path) -> None:
    made = repository(tmp_path / "repo")
    made.commit({"flows.json": orders(1)}, date="2019-05-06T07:08:09Z")
    made.commit({"flows.json": orders(2), "notes.txt": b"words"}, date="2020-01-01T00:00:00Z")
    report = ready.json("import-git", made.path, ".", *PLACE, "--keep-names")
    assert (report["versions"], report["finished"], len(report["refused"])) == (2, True, 1)
    assert ready.json("import-git", made.path, ".", *PLACE)["known"] == 2
    newest, oldest = ready.json("artifact", "list")
    assert oldest["authored"] == "2019-05-06T07:08:09.000Z"
    assert "git " in ready.run("artifact", "list").text
    assert "by Ann Archer <ann@example.org>" in ready.run("artifact", "show", newest["digest"]).text
    (ready.ws / "people" / "authors.json").unlink()
    assert "by author-" in ready.run("artifact", "show", newest["digest"]).text
    assert ready.json("verify")["ok"] is True
    assert ready.run("request", "open", *PLACE, "--title", "t", "--why", "w", "--success", "s", "--risk", "low",
                     "--rollback-plan", "r", key="alice").status == 0  # fmt: skip


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("nowhere", "."), "no git repository"),
        (("repo", "nothing.json"), "no commit"),
        (("repo", "../up"), "inside the repository"),
        (("repo", ".", "--branch", "other"), "no branch"),
        (("repo", ".", "--branch", "--exec=x"), "no branch"),
    ],
)
def test_what_cannot_be_imported_is_said_in_a_line(ready: Desk, words: tuple[str, ...], said: str) -> None:
    made = repository(ready.root / "repo")
    made.commit({"flows.json": orders(1)})
    done = ready.run("import-git", *words, *PLACE)
    assert (done.status, done.out) == (2, b"")
    assert said in done.complaint
    assert done.complaint.count("\n") == 1


def test_a_folder_is_taken_in_and_stays_where_it_is(ready: Desk) -> None:
    folder = ready.root / "exports" / "deep"
    folder.mkdir(parents=True)
    (folder / "flows.json").write_bytes(orders(1))
    (folder / "bad.json").write_bytes(b"{")
    (folder / ".hidden.json").write_bytes(orders(1))
    done = ready.run("ingest", "exports", *PLACE, "--json")
    assert done.status == 2
    assert (done.json["ingested"], done.json["refused"]) == (1, 1)
    assert "bad.json" in done.complaint
    assert sorted(path.name for path in folder.iterdir()) == [".hidden.json", "bad.json", "flows.json"]
    assert [row["name"] for row in ready.json("artifact", "list")] == ["deep/flows.json"]


def test_ctrl_c_in_a_bulk_import_leaves_what_is_reported_and_goes_on_from_there(ready: Desk) -> None:
    ledger = ready.ws / "ledger.db"
    for turn in range(5):  # it may have ended before this process was given the time to interrupt it
        folder, listed = ready.root / f"many{turn}", len(ready.json("artifact", "list"))
        folder.mkdir()
        for number in range(1500):
            data = b'[{"id": "%x", "type": "tab", "label": "L%d"}]' % (number, turn)
            (folder / f"{turn}-{number:04}.json").write_bytes(data)
        with (ready.root / "out").open("wb") as out, (ready.root / "err").open("wb") as err:
            command = [COMMAND, "--json", "ingest", folder.name, *PLACE]
            before = ledger.stat().st_mtime_ns
            child = subprocess.Popen(command, cwd=ready.root, env=ready.environment(), stdout=out, stderr=err)
        eventually(lambda before=before: ledger.stat().st_mtime_ns != before or (ready.ws / "ledger.db-wal").exists())
        child.send_signal(signal.SIGINT)
        assert child.wait(timeout=60) in {130, 0}
        complaint = (ready.root / "err").read_text()
        assert "Traceback" not in complaint
        if "once more: at once" in complaint:
            break
    assert "once more: at once" in complaint
    listed = len(ready.json("artifact", "list")) - listed
    assert f'"ingested": {listed}' in (ready.root / "out").read_text()
    assert ready.json("verify")["ok"] is True
    again = ready.json("ingest", folder.name, *PLACE)
    assert (again["ingested"], again["unchanged"]) == (1500 - listed, listed)


def test_two_watchers_at_once_take_in_each_file_once(ready: Desk) -> None:
    with ready.watching() as first:
        err = (ready.root / "second.err").open("wb")
        second = subprocess.Popen(
            [COMMAND, "watch"], cwd=ready.root, env=ready.environment(), stdout=subprocess.DEVNULL, stderr=err
        )
        try:
            eventually(lambda: b"watching" in (ready.root / "second.err").read_bytes())
            for number in range(20):
                ready.drop(b'[{"id": "%x", "type": "tab", "label": "L"}]' % number, f"{number}.json")
                ready.drop(b"{broken", f"bad{number}.json")
            inbox = ready.ws / "inbox" / "prod" / "orders"
            eventually(lambda: not list(inbox.glob("bad*")))
            eventually(lambda: len(ready.json("artifact", "list")) >= 20)
            time.sleep(0.7)
        finally:
            second.terminate()
            second.wait(timeout=60)
            err.close()
        first.terminate()
        first.wait(timeout=60)
    assert sorted(row["name"] for row in ready.json("artifact", "list")) == sorted(f"{n}.json" for n in range(20))
    refused = [entry["data"]["kept"] for entry in ready.json("log", "--kind", "artifact.refused", "--limit", "500")]
    assert len(refused) == len(set(refused)) == 20
    assert ready.json("verify")["ok"] is True
