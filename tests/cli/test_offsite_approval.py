"""An approval signed on a machine of one's own: exported, read, signed by stock ssh-keygen, brought back."""

from __future__ import annotations

import json
import subprocess
from hashlib import sha256
from pathlib import Path

from cli_desk import Desk


def exported(desk: Desk) -> Path:
    out = desk.json("request", "export", "CR-0001", "--for", "bo", "--out", "laptop", "--note", "read at home")
    return desk.root / out["statement"]


def signed(statement: Path, key: Path, *options: str) -> Path:
    subprocess.run(
        ["ssh-keygen", "-q", "-Y", "sign", "-n", "quarterdeck@v1", "-f", key, *options, statement],
        check=True,
        stderr=subprocess.DEVNULL,
    )
    return statement.with_name(f"{statement.name}.sig")


def test_what_is_exported_is_signed_by_ssh_keygen_and_recorded_byte_for_byte(asked: Desk) -> None:
    before = asked.size
    export = ("request", "export", "CR-0001", "--for", "bo", "--out", "laptop", "--note", "read at home")
    told = asked.run(*export, status=0)
    statement = asked.root / "laptop" / "CR-0001-bo.json"
    assert "ssh-keygen -Y sign -n quarterdeck@v1 -f ~/.ssh/YOUR_KEY CR-0001-bo.json" in told.complaint
    assert asked.size == before, "an export records nothing"
    said = json.loads(statement.read_bytes())
    text = statement.with_suffix(".txt").read_text()
    for fact in ("digest", "release", "nonce", "seen_root", "not_after"):
        assert said["data"][fact] in text
    assert sha256(statement.read_bytes()).hexdigest() in text
    assert "Order intake" in text, "what changes is there in words"

    signature = signed(statement, asked.root / "bo")
    done = asked.run("approval", "import", signature, status=0)
    assert "bo approves CR-0001" in done.text
    (entry,) = asked.json("log", "--kind", "approval.granted")
    assert (entry["actor"], entry["data"]["via"], entry["data"]["note"]) == ("bo", "imported", "read at home")
    asked.run("export", "statement", str(entry["seq"]), "--out", "evidence", status=0)
    assert (asked.root / "evidence" / "statement.json").read_bytes() == statement.read_bytes()
    assert asked.json("request", "show", "CR-0001")["state"] == "approved"
    asked.run("deploy", "CR-0001", key="bo", status=0)
    assert asked.json("verify")["ok"] is True

    again = asked.run("approval", "import", signature, status=1)
    assert "was recorded already" in again.complaint


def test_signatures_that_are_not_exactly_right_are_refused_one_by_one(asked: Desk) -> None:
    statement = exported(asked)
    right = signed(statement, asked.root / "bo").read_text()
    asked.new_key("stranger")
    cases: dict[str, tuple[str, bytes, str]] = {}
    data = statement.read_bytes()
    for name, key, options, words in (
        ("other", "alice", (), "is alice's, not bo's"),
        ("stranger", "stranger", (), "belongs to no principal"),
        ("hash", "bo", ("-O", "hashalg=sha256"), "sha256"),
    ):
        statement.with_name(f"{statement.name}.sig").unlink()
        cases[name] = (signed(statement, asked.root / key, *options).read_text(), data, words)
    (asked.root / "plain.json").write_bytes(data)
    subprocess.run(
        ["ssh-keygen", "-q", "-Y", "sign", "-n", "file", "-f", asked.root / "bo", asked.root / "plain.json"],
        check=True,
        stderr=subprocess.DEVNULL,
    )
    cases["namespace"] = ((asked.root / "plain.json.sig").read_text(), data, "made for")
    cases["changed"] = (right, data.replace(b'"note":"read at home"', b'"note":"read at hone"'), "over something else")
    cases["newline"] = (right, data + b"\n", "canonical")
    cases["no statement"] = (right, b"", "empty")
    cases["no signature"] = ("hello", data, "not one SSH signature")
    cases["cut"] = (right[:-40], data, "not one SSH signature")
    for name, (signature, said, words) in cases.items():
        folder = asked.root / f"case {name}"
        folder.mkdir()
        (folder / "a.json").write_bytes(said)
        (folder / "a.json.sig").write_text(signature)
        done = asked.run("approval", "import", folder / "a.json.sig")
        assert done.status in {1, 2}, name
        assert words in done.complaint, (name, done.complaint)
        assert done.err.count(b"\n") == 1
    complaint = asked.run("approval", "import", statement, status=2).complaint
    assert "name the .sig file" in complaint
    assert complaint.count(str(statement)) == 1
    assert {one["kind"] for one in asked.json("log", "--limit", "4")} == {"attempt.refused"}
    assert not asked.json("log", "--kind", "approval.granted")
    report = asked.json("approval", "import", asked.root / "case other" / "a.json.sig", "nowhere.json.sig", status=2)
    assert [one["entry"] for one in report] == [None, None]
    assert [bool(one["recorded"]) for one in report] == [True, False]


def test_an_approval_for_a_request_that_moved_on_is_refused(asked: Desk) -> None:
    statement = exported(asked)
    signature = signed(statement, asked.root / "bo")
    asked.run("request", "edit", "CR-0001", "--why", "something else", key="alice", status=0)
    asked.run("request", "submit", "CR-0001", key="alice", status=0)
    moved = asked.run("approval", "import", signature, status=1)
    assert "changed since it was exported" in moved.complaint


def test_a_statement_elsewhere_than_its_signature_can_be_named(asked: Desk) -> None:
    statement = exported(asked)
    signature = signed(statement, asked.root / "bo")
    signature = signature.rename(asked.root / "back.sig")
    asked.run("approval", "import", signature, "--statement", statement, status=0)


def test_who_could_not_approve_is_told_so_before_they_sign(asked: Desk) -> None:
    own = asked.run("request", "export", "CR-0001", "--for", "alice", "--out", "laptop", status=1)
    assert "separation of duties" in own.complaint
    unknown = asked.run("request", "export", "CR-0001", "--for", "../../etc/x", "--out", "laptop", status=1)
    assert "is not a principal" in unknown.complaint
    assert not (asked.root / "laptop").exists()
    mine = asked.json("request", "export", "CR-0001", "--out", "laptop", key="bo")
    assert mine["statement"].endswith("CR-0001-bo.json")
