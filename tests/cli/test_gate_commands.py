"""`gate`, `exception` and `environment spec`, as a user types them."""

from __future__ import annotations

from pathlib import Path

from cli_desk import STATEMENT, Desk

from store.domain.gates.wanted import ALWAYS
from store.domain.policy.gates import SECTIONS

GATED = "[environments.prod.gates.tests-passed]\n[environments.prod.gates.environment-spec]\n"


def adopt(desk: Desk, text: str) -> None:
    folder = desk.ws / "policies"
    folder.mkdir(exist_ok=True)
    (folder / "policy.toml").write_text(text, encoding="utf-8")
    desk.new_key("dana")
    role = ("--role", "approver", "--role", "security-approver")
    desk.run("principal", "add", "dana", "--public-key", "dana.pub", *role, key="alice", status=0)
    request = desk.json("policy", "propose", "--why", "gates", key="alice")["id"]
    desk.run("approve", request, key="bo", status=0)
    desk.run("approve", request, key="dana")
    desk.run("policy", "adopt", request, key="alice", status=0)


def test_a_gate_is_shown_run_reported_to_and_waived(asked: Desk) -> None:
    adopt(asked, GATED)
    listed = {one["gate"]: one for one in asked.json("gate", "list", "--env", "prod")}
    assert {"tests-passed", "environment-spec", "artifact-intact"} <= set(listed)
    ran = asked.run("gate", "run", "CR-0001", key="alice", status=1)
    assert "FAIL  tests-passed: no test report is bound" in ran.text
    assert "would unblock" in ran.text
    (asked.root / "unit.xml").write_text('<testsuite><testcase name="a"/></testsuite>')
    added = asked.json("gate", "report", "add", "unit.xml", "--request", "CR-0001", key="alice")
    assert (added["form"], added["counts"]["passed"]) == ("junit", 1)
    assert asked.json("gate", "report", "list", "CR-0001")[0]["name"] == "unit.xml"
    why = ("--justification", "it comes tomorrow", "--accepts", "one day without")
    granted = ("exception", "grant", "environment-spec", "--request", "CR-0001", *why, "--days", "1")
    assert "separation of duties" in asked.run(*granted, key="alice", status=1).complaint
    assert asked.json(*granted, key="dana")["id"] == "EX-0001"
    asked.run("gate", "run", "CR-0001", key="alice", status=0)
    shown = asked.run("request", "show", "CR-0001").text
    assert "WAIVED  environment-spec" in shown
    assert "missing: 0 of 1 approvals" in shown
    assert "could be given by: bo" in shown
    assert "exception EX-0001 for environment-spec: stands, by dana" in shown
    assert [one["state"] for one in asked.json("exception", "list")] == ["stands"]
    asked.run("exception", "end", "EX-0001", "--reason", "it came", key="dana", status=0)
    (asked.root / "prod.toml").write_text('region = "eu"\n')
    asked.run("environment", "spec", "set", "prod", "prod.toml", key="alice", status=0)
    assert asked.json("environment", "spec", "show", "prod")["content"] == {"region": "eu"}
    bound = asked.json("request", "show", "CR-0001")
    ran = asked.run("gate", "run", "CR-0001", key="bo", status=0)
    assert f"bound to request digest {bound['digest'][:16]}, release {bound['release'][:16]}" in ran.text
    assert {one["request_digest"] for one in bound["gates"]} == {bound["digest"]}


def test_what_comes_next_is_to_submit_a_draft_and_to_run_the_gates_of_what_waits(asked: Desk) -> None:
    opened = ("request", "open", "--project", "orders", "--env", "prod", "--title", "Again", "--why", "needed")
    assert asked.json(*opened, *STATEMENT, key="alice")["state"] == "draft"
    (asked.root / "unit.xml").write_text('<testsuite><testcase name="a"/></testsuite>')
    add = ("gate", "report", "add", "unit.xml", "--request")
    for request, following in (("CR-0001", "gate run CR-0001"), ("CR-0002", "request submit CR-0002")):
        assert f"then: quarterdeck {following}\n" in asked.run(*add, request, key="alice", status=0).complaint
    asked.run("request", "withdraw", "CR-0002", "--reason", "the same", key="alice", status=0)
    assert "then:" not in asked.run(*add, "CR-0002", key="alice", status=0).complaint


def test_wrong_files_and_names_are_told_in_one_line(asked: Desk) -> None:
    (asked.root / "bad.xml").write_text("<html/>")
    for words in (
        ("gate", "report", "add", "bad.xml", "--request", "CR-0001"),
        ("gate", "report", "add", "gone.xml", "--request", "CR-0001"),
        ("gate", "report", "add", "bad.xml"),
        ("gate", "run", "CR-0099"),
        ("exception", "end", "EX-0001", "--reason", "x"),
        ("environment", "spec", "show", "prod"),
    ):
        assert asked.run(*words, key="alice", status=2).complaint.count("\n") == 1


def test_the_page_on_gates_has_a_line_for_each() -> None:
    page = (Path(__file__).parents[2] / "docs" / "gates.md").read_text(encoding="utf-8")
    assert [name for name in (*ALWAYS, *SECTIONS) if f"| `{name}` |" not in page] == []
