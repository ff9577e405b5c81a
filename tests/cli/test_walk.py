"""From an empty folder to evidence, through the installed command; then on histories that people really had."""

from __future__ import annotations

import re
import subprocess
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from cli_desk import STATEMENT, Desk, history

from store.demo.samples import crm_sync, orders

HEX = re.compile(r"[0-9a-f]{64}")
REFUNDS = "a1f0c0de00000002"


def test_the_walk_works_in_an_empty_folder_on_a_clean_installation(desk: Desk) -> None:
    desk.begin()
    assert {"quarterdeck.toml", "ledger.db", "inbox", "quarantine"} <= {path.name for path in desk.ws.iterdir()}
    assert oct((desk.ws / "ledger.db").stat().st_mode & 0o777) == "0o600"

    desk.drop(orders(1))
    report = desk.json("watch", "--once", key="alice")
    assert (report["ingested"], report["unchanged"], report["quarantined"]) == (1, 0, 0)
    opened = open_request(desk, "First release", "Orders go live")
    assert opened["id"] == "CR-0001"
    desk.run("request", "submit", "CR-0001", key="alice", status=0)
    own = desk.run("approve", "CR-0001", key="alice", status=1)
    assert "separation of duties" in own.complaint
    desk.run("approve", "CR-0001", "--note", "read it", key="bo", status=0)
    desk.run("deploy", "CR-0001", key="bo", status=0)
    assert desk.delivered() == orders(1)

    desk.drop(orders(2))
    desk.run("watch", "--once", key="alice", status=0)
    assert open_request(desk, "Discounts", "Vouchers")["id"] == "CR-0002"
    desk.run("request", "submit", "CR-0002", key="alice", status=0)
    desk.run("approve", "CR-0002", key="bo", status=0)
    desk.run("deploy", "CR-0002", key="bo", status=0)
    assert desk.delivered() == orders(2)

    desk.drop(orders(2, tampered=True), root="observed")
    desk.run("watch", "--once", key="bo", status=0)
    (drift,) = desk.json("drift", "prod", status=1)
    assert drift["component"] == REFUNDS
    before = desk.json("verify")["entries"]
    shown = desk.run("rollback", "prod", "--project", "orders", "--dry-run", key="bo", status=0)
    assert "CR-0002" in shown.text
    assert "Order intake" in shown.text
    assert desk.json("verify")["entries"] == before, "a dry run changes nothing"
    desk.run("rollback", "prod", "--project", "orders", key="bo", status=2)
    desk.run("rollback", "prod", "--project", "orders", "--yes", key="bo", status=0)
    assert desk.delivered() == orders(1)
    (held,) = desk.json("quarantine", "list")
    assert (held["release"], held["project"]) == (desk.json("request", "show", "CR-0002")["release"], "orders")

    desk.drop(desk.delivered(), root="observed")
    desk.run("watch", "--once", key="bo", status=0)
    assert desk.json("drift", "prod") == []
    assert desk.json("verify")["ok"] is True
    assert desk.json("state", "prod", "--at", "CR-0001")["projects"]["orders"]["release"] == opened["release"]
    tree = desk.json("lineage", "CR-0002")
    assert [child["kind"] for child in tree["children"]].count("approval") == 1
    assert len(desk.json("log")) == desk.json("verify")["entries"]


def open_request(desk: Desk, title: str, why: str) -> Any:
    opened = ("request", "open", "--project", "orders", "--env", "prod", "--title", title, "--why", why)
    return desk.json(*opened, *STATEMENT, key="alice")


def test_every_json_shape_of_the_contract(live: Desk) -> None:
    live.drop(orders(2, tampered=True), root="observed")
    live.drop(crm_sync(1), "crm-sync.json", project="crm")
    live.drop(b'{"cut off', "broken.json", project="crm")
    report = live.json("watch", "--once", key="bo")
    assert {"ingested", "unchanged", "quarantined", "files", "seconds"} <= report.keys()
    by_outcome = {file["outcome"]: file for file in report["files"]}
    assert set(by_outcome) == {"ingested", "unchanged", "observed", "quarantined"}
    assert all({"path", "outcome", "reason", "digest", "platform"} <= file.keys() for file in report["files"])
    assert by_outcome["ingested"]["platform"] == "n8n"
    assert by_outcome["quarantined"]["path"] == "inbox/prod/crm/broken.json"
    assert by_outcome["quarantined"]["reason"]
    assert by_outcome["quarantined"]["digest"] is None

    verdict = live.json("verify")
    assert verdict["ok"] is True
    assert isinstance(verdict["entries"], int)
    assert len(verdict["root"]) == 44
    assert verdict["problems"] == []
    assert isinstance(verdict["seconds"], float)

    listed = live.json("artifact", "list")
    wanted = {"digest", "name", "platform", "confidence", "project", "environment", "components", "bytes", "seq"}
    assert all(wanted <= row.keys() for row in listed)
    assert [row["project"] for row in listed] == ["crm", "orders", "orders"]
    assert listed[2]["bytes"] == len(orders(1))

    (drift,) = live.json("drift", "prod", "--project", "orders", status=1)
    fields = {"id", "project", "environment", "component", "status", "opened_seq", "desired", "observed", "summary"}
    assert fields <= drift.keys()
    assert (drift["id"], drift["status"]) == ("DR-0001", "open")
    assert HEX.fullmatch(drift["desired"])
    assert HEX.fullmatch(drift["observed"])
    assert live.json("drift", "prod", "--project", "crm") == []

    state = live.json("state", "prod")
    assert state["environment"] == "prod"
    assert state["at"]["seq"] == verdict["entries"]
    datetime.fromisoformat(state["at"]["time"])
    orders_now = state["projects"]["orders"]
    assert HEX.fullmatch(orders_now["release"])
    part = orders_now["components"][REFUNDS]
    assert part["name"] == "Refunds"
    assert part["artifact"] == listed[1]["digest"]
    assert HEX.fullmatch(part["digest"])
    assert isinstance(part["deployed_by_entry"], int)

    entries = live.json("log")
    assert all({"seq", "hash", "time", "kind", "actor", "on", "data"} <= entry.keys() for entry in entries)
    assert {entry["seq"] for entry in entries} == set(range(1, verdict["entries"] + 1))
    approvals = live.json("log", "--kind", "approval.granted")
    assert [entry["on"]["request"] for entry in approvals] == ["CR-0002", "CR-0001"]
    assert live.json("log", "--actor", "bo", "--limit", "1")[0]["actor"] == "bo"
    assert live.json("log", "--search", "DISCOUNTS", "--kind", "request.opened")[0]["on"]["request"] == "CR-0002"


def test_a_diff_has_the_shape_of_the_contract_whatever_names_its_sides(live: Desk) -> None:
    (live.root / "v4.json").write_bytes(orders(4))
    new, old = (row["digest"] for row in live.json("artifact", "list"))
    named = [(old, new), ("CR-0001", "CR-0002"), ("DEP-0001", "DEP-0002")]
    named += [("prod@CR-0001", "prod@now"), ("prod@CR-0001", "prod")]
    ran = live.runs([("diff", *pair, "--json") for pair in named])
    found = [one.json for one in ran]
    assert [one.status for one in ran] == [0] * 5
    for one in found:
        assert one.keys() >= {"summary", "components", "connectors", "notices"}
        assert one["summary"].keys() >= {"added", "removed", "changed", "renamed", "noise"}
        assert one["connectors"].keys() >= {"added", "removed"}
        (part,) = (part for part in one["components"] if part["change"] == "changed")
        assert part.keys() >= {"id", "name", "kind", "change", "fields", "code"}
        assert part["name"] == "Order intake"
        (code,) = part["code"]
        assert code.keys() >= {"field", "language", "unified"}
        assert code["language"] == "javascript"
        assert "+msg.payload.total *= 1 - msg.payload.discount;" in code["unified"]
        assert all(field.keys() >= {"path", "old", "new", "noise"} for field in part["fields"])
    added = live.json("diff", new, "v4.json")
    (part,) = (part for part in added["components"] if part["change"] == "changed")
    assert any("Tell the carrier" in str(field) for field in [*part["fields"], *part.get("words", [])])
    assert live.json("diff", "v4.json", "v4.json")["summary"]["changed"] == 0


def test_other_peoples_tools_check_what_is_exported(live: Desk) -> None:
    (approval, _) = live.json("log", "--kind", "approval.granted")
    seq = str(approval["seq"])
    live.run("export", "signers", "--out", "signers", status=0)
    live.run("export", "statement", seq, "--out", "evidence", status=0)
    statement = live.root / "evidence" / "statement.json"
    check = ["ssh-keygen", "-Y", "verify", "-f", "signers", "-n", "quarterdeck@v1"]
    check += ["-s", "evidence/statement.json.sig", "-I"]
    good = subprocess.run([*check, "bo"], input=statement.read_bytes(), cwd=live.root, capture_output=True, check=False)
    assert good.returncode == 0, good.stderr
    assert b"Good" in good.stdout
    for who, data in (("alice", statement.read_bytes()), ("bo", statement.read_bytes() + b" ")):
        bad = subprocess.run([*check, who], input=data, cwd=live.root, capture_output=True, check=False)
        assert bad.returncode != 0
    observed = live.run("export", "statement", str(live.json("log")[-3]["seq"] + 2), "--out", "evidence", status=0)
    assert "nobody signed it" in observed.text
    assert not (live.root / "evidence" / "statement.json.sig").exists()


def test_a_proof_of_an_entry_holds_offline_and_for_that_entry_only(live: Desk) -> None:
    seq = live.json("log", "--kind", "approval.granted")[0]["seq"]
    other = live.json("log", "--kind", "request.opened")[0]["seq"]
    live.run("export", "statement", str(seq), "--out", "one", status=0)
    live.run("export", "statement", str(other), "--out", "two", status=0)
    live.run("prove", str(seq), "--out", "one.tlog-proof", status=0)
    assert live.json("verify-proof", "one.tlog-proof", "one/entry.json")["ok"] is True
    wrong = live.run("verify-proof", "one.tlog-proof", "two/entry.json", status=1)
    assert wrong.err.count(b"\n") == 1
    broken = bytearray((live.root / "one.tlog-proof").read_bytes())
    broken[60] ^= 1
    (live.root / "one.tlog-proof").write_bytes(broken)
    assert live.run("verify-proof", "one.tlog-proof", "one/entry.json").status in {1, 2}


def test_a_kept_checkpoint_spares_the_entries_before_it(live: Desk) -> None:
    live.run("checkpoint", "--out", "kept", status=0)
    size = int((live.root / "kept").read_text().splitlines()[1])
    live.release(orders(3), "Capped")
    report = live.json("verify", "--from", "kept")
    assert (report["ok"], report["start"]) == (True, size)
    assert live.run("checkpoint", status=0).out != (live.root / "kept").read_bytes()
    (live.root / "kept").write_text("nonsense")
    assert live.run("verify", "--from", "kept").status in {1, 2}


@pytest.mark.parametrize(
    ("archive", "file", "project", "chosen"),
    [
        ("node-red-home", "flows_orangepione.json", "home", (0, 40, 120, 235)),
        ("n8n-team", "Analisis de Sentimineto Tickets.json", "tickets", (0, 1, 9, 23)),
    ],
)
def test_the_walk_on_successive_versions_that_people_really_had(
    ready: Desk, archive: str, file: str, project: str, chosen: tuple[int, ...]
) -> None:
    versions = history(archive, lambda one: Path(one["path"]).name == file)
    first, *later = (versions[number] for number in chosen)
    requests = [
        ready.release(data, f"Version {n}", name=file, project=project) for n, data in enumerate((first, *later))
    ]

    ready.drop(first, file, project=project, root="observed")
    ready.run("watch", "--once", key="bo", status=0)
    drifts = ready.json("drift", "prod", status=1)
    assert {drift["component"] for drift in drifts} <= set(components(ready, "now")) | set(
        components(ready, requests[0])
    )

    ready.run("rollback", "prod", "--project", project, "--to", requests[1], "--yes", key="bo", status=0)
    assert ready.delivered(file, project=project) == later[0]
    ready.drop(later[0], file, project=project, root="observed")
    ready.run("watch", "--once", key="bo", status=0)
    assert ready.json("drift", "prod") == []

    digests = {row["seq"]: row["digest"] for row in ready.json("artifact", "list")}
    cats = ready.runs([("artifact", "cat", digests[seq]) for seq in sorted(digests)])
    assert [cat.out for cat in cats] == [first, *later], "the archive gives back every byte"
    then = [components(ready, request) for request in requests]
    assert then[1] == components(ready, "now")
    assert then[0] != then[3]
    assert ready.json("verify", "--rebuild")["ok"] is True
    deployed = [node["id"] for node in ready.json("lineage", requests[3])["children"] if node["kind"] == "deployment"]
    assert deployed == ["DEP-0004"]


def components(desk: Desk, when: str) -> Any:
    (project,) = desk.json("state", "prod", "--at", when)["projects"].values()
    return {key: part["digest"] for key, part in project["components"].items()}
