"""`quarterdeck watch` as it runs for weeks: what it takes in and when, how it ends, and what a crash leaves behind."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import time

import pytest
from cli_desk import Desk, eventually

from store.demo.samples import crm_sync, orders


def told(desk: Desk) -> str:
    return (desk.root / "watch.out").read_text()


def test_a_file_renamed_into_place_is_taken_in_at_once(ready: Desk) -> None:
    with ready.watching() as watcher:
        ready.drop(orders(1))
        eventually(lambda: "ingested" in told(ready))
        ready.drop(orders(2))
        eventually(lambda: told(ready).count("orders/flows.json") == 2)
        ready.stop(watcher)
    assert [row["bytes"] for row in ready.json("artifact", "list")] == [len(orders(2)), len(orders(1))]


def test_a_slowly_written_file_is_taken_in_only_once_it_is_complete(ready: Desk) -> None:
    folder = ready.ws / "inbox" / "prod" / "orders"
    folder.mkdir(parents=True)
    data = orders(1)
    with ready.watching() as watcher:
        with (folder / "flows.json").open("wb", buffering=0) as file:
            for begin in range(0, len(data), len(data) // 6):
                file.write(data[begin : begin + len(data) // 6])
                time.sleep(0.25)
        eventually(lambda: "flows.json" in told(ready))
        time.sleep(0.5)
        ready.stop(watcher)
    report = told(ready)
    assert "quarantined" not in report
    assert report.count("flows.json") == 1
    (row,) = ready.json("artifact", "list")
    assert row["bytes"] == len(data)


def test_a_whole_folder_moved_in_arrives(ready: Desk) -> None:
    source = ready.root / "elsewhere" / "prod" / "many" / "deep" / "er"
    source.mkdir(parents=True)
    for number in range(40):
        (source / f"{number}.json").write_bytes(b'[{"id": "%x", "type": "tab", "label": "L"}]' % number)
    with ready.watching() as watcher:
        shutil.move(ready.root / "elsewhere" / "prod", ready.ws / "inbox" / "prod")
        eventually(lambda: told(ready).count("ingested") >= 40)
        ready.stop(watcher, signal.SIGHUP)
    names = {row["name"] for row in ready.json("artifact", "list")}
    assert names == {f"deep/er/{number}.json" for number in range(40)}


def test_it_tells_machines_one_document_a_line(ready: Desk) -> None:
    with ready.watching("--json") as watcher:
        ready.drop(orders(1))
        eventually(lambda: "orders/flows.json" in told(ready))
        ready.drop(crm_sync(1), "crm.json", project="crm")
        eventually(lambda: "crm/crm.json" in told(ready))
        ready.stop(watcher)
    batches = [json.loads(line) for line in told(ready).splitlines()]
    assert [batch["ingested"] for batch in batches] == [1, 1]
    assert all({"ingested", "unchanged", "quarantined", "files", "seconds"} <= batch.keys() for batch in batches)


def test_drift_in_the_observed_folder_is_seen_while_it_runs(live: Desk) -> None:
    with live.watching() as watcher:
        live.drop(orders(2, tampered=True), root="observed")
        eventually(lambda: "1 drift" in told(live))
        live.stop(watcher, signal.SIGINT)
    assert live.run("drift", "prod").status == 1


def test_an_environment_added_while_it_runs_is_watched(live: Desk) -> None:
    with live.watching() as watcher:
        place = ("--target", "folder", "--deliver", "out/next", "--observe", "seen/next")
        live.run("environment", "add", "next", *place, key="alice", status=0)
        folder = live.ws / "seen" / "next" / "orders"
        folder.mkdir(parents=True)
        (folder / "flows.json").write_bytes(orders(1))
        eventually(lambda: "seen/next/orders/flows.json" in told(live))
        live.stop(watcher)


def test_a_watcher_killed_in_a_burst_loses_nothing_and_takes_nothing_twice(ready: Desk) -> None:
    chance = random.Random(20261123)
    folder = ready.drop(orders(1), "0.json").parent
    wanted = {"0.json"}
    for burst in range(4):
        with ready.watching() as watcher:
            for number in range(150):
                name = f"{burst}-{number}.json"
                (folder / f".{name}").write_bytes(b'[{"id": "%x%x", "type": "tab", "label": "L"}]' % (burst, number))
                (folder / f".{name}").replace(folder / name)
                wanted.add(name)
            (folder / f"bad-{burst}.json").write_bytes(b"{")
            time.sleep(chance.uniform(0.05, 0.7))
            os.kill(watcher.pid, signal.SIGKILL)
    report = ready.json("watch", "--once")
    assert {file["outcome"] for file in report["files"]} <= {"ingested", "unchanged", "quarantined"}
    rows = ready.json("artifact", "list")
    assert sorted(row["name"] for row in rows) == sorted(wanted), "each exactly once"
    refused = [entry["data"]["kept"] for entry in ready.json("log", "--kind", "artifact.refused")]
    kept = {f"quarantine/prod/orders/{path.name}" for path in (ready.ws / "quarantine/prod/orders").glob("bad-*[0-9Z]")}
    assert sorted(refused) == sorted(kept)
    assert len(kept) == 4
    assert ready.json("verify")["ok"] is True


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_in_the_middle_of_a_burst_ends_it_cleanly(ready: Desk, number: signal.Signals) -> None:
    with ready.watching() as watcher:
        folder = ready.drop(orders(1)).parent
        for one in range(600):
            (folder / f"{one}.json").write_bytes(b'[{"id": "%x", "type": "tab", "label": "L"}]' % one)
        time.sleep(0.3)
        ready.stop(watcher, number)
    assert ready.json("verify")["ok"] is True
    report = ready.json("watch", "--once")
    assert report["ingested"] + report["unchanged"] == 601


def test_a_locked_ledger_makes_it_wait_not_die(ready: Desk) -> None:
    import sqlite3
    from contextlib import closing

    with ready.watching() as watcher, closing(sqlite3.connect(ready.ws / "ledger.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        ready.drop(orders(1))
        eventually(lambda: b"locked" in (ready.root / "watch.err").read_bytes())
        other.execute("ROLLBACK")
        eventually(lambda: "ingested" in told(ready))
        watcher.terminate()
        assert watcher.wait(timeout=60) == 0
    assert len(ready.json("artifact", "list")) == 1
