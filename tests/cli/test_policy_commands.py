"""`policy`, `principal suspend` and the computed risk, as a user types them."""

from __future__ import annotations

from cli_desk import Desk

from store.demo.samples import orders


def write(desk: Desk, text: str) -> None:
    folder = desk.ws / "policies"
    folder.mkdir(exist_ok=True)
    (folder / "policy.toml").write_text(text, encoding="utf-8")


def test_a_policy_goes_from_a_preset_to_being_in_force(ready: Desk) -> None:
    assert ready.run("policy", "show", "--json").json["entry"] == 0
    assert [one["name"] for one in ready.run("policy", "presets", "--json").json] == ["default", "regulated"]
    assert "holds no policy files" in ready.run("policy", "check", status=2).complaint
    ready.run("policy", "init", status=0)
    assert "not written over" in ready.run("policy", "init", "--preset", "regulated", status=2).complaint
    assert ready.run("policy", "diff", "--json", status=0).json["changes"] == []
    write(ready, "approval_days = 10\n")
    assert ready.run("policy", "diff", status=1).text == "~ approval_days: 14 → 10\n"
    ready.run("policy", "propose", "--why", "two weeks are long", key="alice", status=0)
    refused = ready.run("policy", "adopt", "CR-0001", key="alice", status=1)
    assert "not approved: 0 of 1 approvals for risk medium" in refused.complaint
    assert "cannot approve it" in ready.run("approve", "CR-0001", key="alice", status=1).complaint
    assert "policy adopt" in ready.run("deploy", "CR-0001", key="bo", status=2).complaint
    ready.run("approve", "CR-0001", key="bo", status=0)
    entry = ready.run("policy", "adopt", "CR-0001", "--json", key="alice", status=0).json["entry"]
    shown = ready.run("policy", "show", "--json").json
    assert (shown["entry"], shown["policy"]["approval_days"], shown["editors"]) == (entry, 10, ["alice"])
    assert ready.run("policy", "show", "--at", str(entry - 1), "--json").json["policy"]["approval_days"] == 14
    assert ready.run("policy", "show", "--at", "CR-0001", "--json").json["entry"] == entry
    assert ready.run("policy", "diff", status=0).text == ""
    assert ready.run("verify", "--json", status=0).json["ok"]


def test_every_fault_has_its_file_and_line_on_standard_error_and_in_json(ready: Desk) -> None:
    write(ready, 'approval_days = 0\n\n[approvals.high]\npeopel = 2\n"\x1b[31m" = 1\n')
    said = ready.run("policy", "check", status=2)
    assert "policy.toml: no TOML" in said.complaint or "policy.toml:5" in said.complaint
    assert "\x1b" not in said.complaint
    write(ready, "approval_days = 0\n\n[approvals.high]\npeopel = 2\n")
    found = ready.run("policy", "check", "--json", status=2).json
    assert (found["ok"], [(one["line"], one["key"]) for one in found["faults"]]) == (
        False,
        [(1, "approval_days"), (4, "approvals.high.peopel")],
    )
    listed = ready.run("policy", "check", status=2).complaint.splitlines()
    proposed = ready.run("policy", "propose", "--why", "x", key="bo", status=2).complaint.splitlines()
    assert [line.split(": ")[1] for line in listed] == ["policy.toml:1", "policy.toml:4"]
    assert proposed[:2] == listed, "a line each, as check says it"
    assert "without effect" in ready.run("policy", "show").complaint


def test_a_linked_or_unreadable_policy_file_is_one_clear_line(ready: Desk) -> None:
    write(ready, "approval_days = 9\n")
    (ready.ws / "policies" / "link.toml").symlink_to("/etc/passwd")
    assert ready.run("policy", "check", status=2).complaint.count("\n") == 1
    (ready.ws / "policies" / "link.toml").unlink()
    (ready.ws / "policies" / "bad.toml").write_bytes(b"\xff\xfe")
    assert "no UTF-8" in ready.run("policy", "check", status=2).complaint


def test_an_empty_policy_file_is_named(ready: Desk) -> None:
    path = ready.ws / "policies" / "extra.toml"
    path.parent.mkdir(exist_ok=True)
    path.write_text("")
    for words in (("check",), ("diff",), ("propose", "--why", "w")):
        assert f"{path}: it is empty" in ready.run("policy", *words, key="alice", status=2).complaint


def test_request_show_says_how_risky_it_is_point_by_point(ready: Desk) -> None:
    ready.release(orders(1), "First release")
    shown = ready.run("request", "show", "CR-0001").text
    assert "points make it" in shown
    assert "first-release: nothing of orders was in prod before" in shown
    assessed = ready.run("request", "show", "CR-0001", "--json").json["assessed"]
    assert sum(fact["points"] for fact in assessed["facts"]) == assessed["points"]


def test_somebody_is_suspended_and_comes_back_on_the_command_line(ready: Desk) -> None:
    said = ready.run("principal", "suspend", "bo", "--reason", "lost key", key="alice", status=2)
    assert "either --until TIME or --hours N" in said.complaint
    ready.run("principal", "suspend", "bo", "--hours", "4", "--reason", "lost key", key="alice", status=0)
    found = {one["handle"]: one["suspended"] for one in ready.run("principal", "list", "--json").json}
    assert found["alice"] is None
    assert found["bo"] is not None
    refused = ready.run("freeze", "prod", "--reason", "x", key="bo", status=1)
    assert "bo is suspended until" in refused.complaint
    assert "alice could do it" in refused.complaint
    ready.run("principal", "reinstate", "bo", "--reason", "found", key="alice", status=0)
    ready.run("freeze", "prod", "--reason", "x", key="bo", status=0)
    locked = ready.run("role", "revoke", "alice", "admin", "--reason", "x", key="alice", status=1)
    assert "everybody would be locked out" in locked.complaint


def test_a_role_that_ends_is_granted_and_revoked_by_its_name(ready: Desk) -> None:
    ready.run("role", "grant", "bo", "responder", "--until", "2099-01-01T00:00:00Z", key="alice", status=0)
    ready.run("role", "revoke", "bo", "responder", "--reason", "done", key="alice", status=0)
    assert (
        "is no time" in ready.run("role", "grant", "bo", "auditor", "--until", "soon", key="alice", status=2).complaint
    )


def test_a_request_whose_approval_lapsed_is_listed_and_shown_as_waiting(asked: Desk) -> None:
    asked.run("approve", "CR-0001", key="bo", status=0)
    assert asked.json("request", "list")[0]["lapsed"] is False
    asked.run("principal", "suspend", "bo", "--hours", "1", "--reason", "key lost", key="alice", status=0)
    (listed,) = asked.json("request", "list")
    assert (listed["state"], listed["lapsed"]) == ("approved", True)
    assert "approved, lapsed" in asked.run("request", "list").text
    shown = asked.run("request", "show", "CR-0001").text
    assert "approvals are missing again: waits for approval" in shown
    assert "missing: the approval of bo (entry" in shown
    assert asked.json("request", "show", "CR-0001")["lapsed"] is True
    (item,) = [one for one in asked.json("triage", status=1)["items"] if one["key"] == "CR-0001"]
    assert (item["kind"], item["act"]) == ("approval", "approve")
