"""The whole way under rules: from an idea to a rolled-back release through four environments, under `regulated`.

Its first commands are processes of their own, as for a user; the others run in forked children (cli_many.py), the
same entry point on the same files, so that two hundred commands take seconds and the clock can be moved on.
"""

from __future__ import annotations

import os
import time
from datetime import timedelta
from pathlib import Path

from cli_desk import Desk

from store.demo.samples import orders

PLACES = ("dev", "test", "staging", "prod")
PEOPLE = {
    "rita": ("requester",),
    "bo": ("approver",),
    "dana": ("approver", "security-approver"),
    "olaf": ("operator",),
    "fay": ("responder", "auditor"),
}
POLICY = """preset = "regulated"
[risk.thresholds]
critical = 1000
[environments.prod]
enforce = "report"
[environments.staging.gates.promoted-from]
soak_hours = 0
[environments.staging.gates.least-privilege]
except_components = ["orders/Order intake"]
[environments.prod.gates.promoted-from]
soak_hours = 0
[environments.prod.gates.least-privilege]
except_components = ["orders/Order intake"]
[environments.prod.gates.change-window]
windows = [{ days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] }]
holidays = []
"""
STATED = (
    "--title", "Orders", "--why", "the shop asked", "--what", "discounts", "--success", "orders arrive", "--impact",
    "the shop", "--rollback-plan", "the release before", "--constraints", "none", "--tests", "40 orders made up",
)  # fmt: skip
JUNIT = '<testsuite><testcase name="orders arrive"/><testcase name="refunds"/></testsuite>'
SARIF = (
    '{"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "flow-scan"}}, "results": [],'
    ' "invocations": [{"executionSuccessful": true}]}]}'
)


def test_from_an_idea_to_a_rolled_back_release(desk: Desk) -> None:
    begin(desk)
    adopt_regulated(desk)
    desk.real = False
    first = through_all(desk, orders(1))
    look_at_what_is_unusual(desk)
    second = through_all(desk, orders(2))
    assert desk.json("exception", "list", "--all") == []
    assert desk.json("state", "prod")["projects"]["orders"]["deployment"] == deployment_of(desk, second)

    put(desk, "observed", "prod", orders(2, tampered=True))
    desk.run("watch", "--once", key="olaf", status=0)
    (drift,) = desk.json("drift", "prod", status=1)
    opened = desk.json(
        "incident", "open", "--title", "wrong refunds", "--severity", "high", "--project", "orders", "--env", "prod",
        key="fay",
    )  # fmt: skip
    why = ("--justification", "customers are charged twice")
    glass = desk.json("break-glass", "open", opened["id"], "--env", "prod", *why, key="fay")["id"]
    told = desk.run(
        "rollback", "prod", "--project", "orders", "--reason", "wrong refunds", "--yes", key="fay", status=0
    )
    assert f"done under broken glass {glass}" in told.text
    assert (desk.ws / "out/prod/orders/flows.json").read_bytes() == orders(1)
    (held,) = desk.json("quarantine", "list")
    assert held["release"] == desk.json("request", "show", second)["release"]
    assert desk.json("request", "show", first)["state"] == "live"
    desk.run("break-glass", "end", glass, "--reason", "it is back", key="fay", status=0)
    finding = let_the_review_be_late(desk, glass)
    refused(desk, "quarantine", "promote", second, "--to", "prod", key="rita")
    desk.run(
        "incident", "close", opened["id"], "--cause", "a hand edit", "--fix", "rolled back", "--learned", "lock it",
        key="fay", status=0,
    )  # fmt: skip
    explained(desk, second, drift["id"], opened["id"])
    everything_is_on_record(desk, second, finding)


def refused(desk: Desk, because: str, *words: str, key: str) -> None:
    """Try what no rule lets this person do: exit 1, the reason, and an entry that says who tried what."""
    done = desk.run(*words, key=key, status=1)
    assert "refused: " in done.complaint
    assert because in done.complaint, done.complaint
    (entry,) = desk.json("log", "--kind", "attempt.refused", "--limit", "1")
    assert (entry["actor"], entry["on"]["principal"]) == ("system", key)
    assert because in entry["data"]["reason"]
    assert f"recorded: entry {entry['seq']}" in done.complaint


def wait_for_the_next_role(desk: Desk, request: str) -> None:
    """bo is away: the deadline passes twice, the request goes on to the admins, and one of them approves."""
    refused(desk, "alice may not approve", "approve", request, key="alice")
    desk.later += timedelta(hours=49)
    desk.run("watch", "--once", key="olaf", status=0)
    steps = desk.json("log", "--kind", "request.escalated")
    assert [step["data"]["to_role"] for step in sorted(steps, key=lambda one: one["seq"])] == [
        "security-approver",
        "admin",
    ]
    assert "escalated to security-approver, admin" in desk.run("request", "show", request).text
    refused(desk, "rita requested", "approve", request, key="rita")
    desk.run("approve", request, key="alice", status=0)


def look_at_what_is_unusual(desk: Desk) -> None:
    """olaf acts with two keys within minutes: noticed, and looked at by somebody else."""
    desk.new_key("olaf2")
    desk.run("key", "add", "olaf", "--public-key", "olaf2.pub", key="alice", status=0)
    for key in ("olaf", "olaf2"):
        desk.run("annotate", "1", f"from {key}", key=key, status=0)
    desk.run("watch", "--once", key="olaf", status=0)
    found = next(one for one in desk.json("anomalies") if one["rule"] == "two-places")
    assert found["principal"] == "olaf"
    assert found["measures"]["minutes_least"] == 10
    refused(desk, "separation of duties", "anomaly", "acknowledge", found["id"], "--note", "it was me", key="olaf")
    desk.run("anomaly", "acknowledge", found["id"], "--note", "his new laptop", key="alice", status=0)
    assert found["id"] not in {one["id"] for one in desk.json("anomalies")}


def let_the_review_be_late(desk: Desk, glass: str) -> str:
    """The review of broken glass is overdue: a finding, which whoever broke it can neither review nor close."""
    refused(desk, "broke the glass", "break-glass", "review", glass, "--note", "fine", key="fay")
    desk.later += timedelta(hours=30)
    desk.run("watch", "--once", key="olaf", status=0)
    (finding,) = desk.json("finding", "list", "--state", "open")
    assert glass in f"{finding['title']} {finding['about']}"
    assert finding["id"] in {one["key"] for one in desk.json("health", status=1)["duties"]}
    refused(desk, "separation of duties: fay", "finding", "close", finding["id"], "--done", "never mind", key="fay")
    desk.run("break-glass", "review", glass, "--note", "it was right", key="dana", status=0)
    desk.run("finding", "close", finding["id"], "--done", "reviewed by dana", key="alice", status=0)
    assert desk.json("finding", "list", "--state", "open") == []
    return str(finding["id"])


def everything_is_on_record(desk: Desk, request: str, finding: str) -> None:
    kinds = {entry["kind"] for entry in desk.json("log", "--limit", "10000")}
    assert {
        "policy.adopted", "request.escalated", "gate.evaluated", "approval.granted", "deployment.verified",
        "rollback.rehearsed", "anomaly.acknowledged", "drift.opened", "incident.closed", "glass.reviewed",
        "finding.closed", "release.quarantined", "attempt.refused",
    } <= kinds  # fmt: skip
    for page in ("html", "md"):
        text = desk.run("explain", request, "--format", page, status=0).text
        assert "customers are charged twice" in text
    assert desk.json("finding", "show", finding)["state"] == "closed"
    desk.later, desk.real = timedelta(), True
    assert desk.json("verify", "--rebuild")["ok"] is True


def explained(desk: Desk, request: str, drift: str, incident: str) -> None:
    page = desk.json("explain", deployment_of(desk, request))
    facts = {section["id"]: section["facts"] for section in page["sections"]}
    approved = {fact["actor"]: fact["key"] for fact in facts["approvals"] if fact["state"] == "approved"}
    assert set(approved) == {"bo", "dana"}
    assert all(key.startswith("SHA256:") for key in approved.values())
    assert {"test data", "report.added"} <= {fact["label"] for fact in facts["tests"]}
    assert {"tests-passed", "security-scan", "promoted-from", "environment-spec"} <= {
        f["label"] for f in facts["gates"]
    }
    assert all(fact["state"] == "pass" for fact in facts["gates"])
    assert {"glass.broken", "glass.reviewed"} <= {fact["label"] for fact in facts["accepted"]}
    after = {fact["label"] for fact in facts["after"]}
    assert {drift, incident, "quarantine"} <= after
    assert any(fact["state"] == "rollback" for fact in facts["after"])


def begin(desk: Desk) -> None:
    desk.new_key("alice")
    desk.run("init", "ws", "--name", "alice", key="alice", status=0)
    for name, roles in PEOPLE.items():
        desk.new_key(name)
        granted = [word for role in roles for word in ("--role", role)]
        desk.run("principal", "add", name, "--public-key", f"{name}.pub", *granted, key="alice", status=0)
    for place in PLACES:
        where = ("--target", "folder", "--deliver", f"out/{place}", "--observe", f"observed/{place}")
        desk.run("environment", "add", place, *where, key="alice", status=0)
    (desk.root / "prod.toml").write_text('region = "eu"\n')
    desk.run("environment", "spec", "set", "prod", "prod.toml", key="alice", status=0)


def adopt_regulated(desk: Desk) -> None:
    folder = desk.ws / "policies"
    folder.mkdir(exist_ok=True)
    (folder / "policy.toml").write_text(POLICY, encoding="utf-8")
    request = desk.json("policy", "propose", "--why", "we are audited", key="alice")["id"]
    desk.run("approve", request, key="bo")
    desk.run("approve", request, key="dana")
    desk.run("policy", "adopt", request, key="alice", status=0)


def put(desk: Desk, root: str, place: str, data: bytes) -> Path:
    path = desk.ws / root / place / "orders" / "flows.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    os.utime(path, (time.time() - 60, time.time() - 60))
    return path


def through_all(desk: Desk, data: bytes) -> str:
    """Take one export from dev to prod; return its last request."""
    put(desk, "inbox", "dev", data)
    desk.run("watch", "--once", key="rita", status=0)
    opened = ("request", "open", "--project", "orders", "--env", "dev", "--risk", "medium", *STATED)
    request: str = desk.json(*opened, key="rita")["id"]
    for number, place in enumerate(PLACES):
        if number:
            request = desk.json("promote", request, "--to", place, key="rita")["id"]
        bring_evidence(desk, request)
        desk.run("request", "submit", request, key="rita")
        refused(desk, "separation of duties: rita requested", "approve", request, key="rita")
        desk.run("approve", request, key="dana", status=0)
        if place == "test" and data == orders(1):
            wait_for_the_next_role(desk, request)
        else:
            desk.run("approve", request, key="bo", status=0)
        desk.run("deploy", request, key="olaf", status=0)
        assert (desk.ws / "out" / place / "orders" / "flows.json").read_bytes() == data
        if place == "staging" and data != orders(1):
            rehearse(desk, data)
    return request


def rehearse(desk: Desk, data: bytes) -> None:
    """Let olaf try the way back where the policy wants it tried; a first release has none."""
    try_it = ("rollback", "staging", "--project", "orders", "--rehearse", "--reason", "it goes on to prod", "--yes")
    refused(desk, "rita may not roll back", *try_it, key="rita")
    done = desk.json(*try_it, key="olaf")
    assert (done["passed"], done["stands"]) == (True, done["release"])
    assert (desk.ws / "out" / "staging" / "orders" / "flows.json").read_bytes() == data


def bring_evidence(desk: Desk, request: str) -> None:
    run = f"of {request}"  # a run says which one it was: results of one release are not taken for another's
    (desk.root / "unit.xml").write_text(JUNIT.replace("<testsuite>", f'<testsuite name="{run}">'))
    named = f'"automationDetails": {{"id": "{run}"}}, "results"'
    (desk.root / "scan.sarif").write_text(SARIF.replace('"results"', named))
    for file in ("unit.xml", "scan.sarif"):
        desk.run("gate", "report", "add", file, "--request", request, key="rita", status=0)
    made = ("--kind", "created", "--what", "orders", "--where", "test.orders", "--records", "40")
    desk.run("testdata", "add", request, *made, key="rita", status=0)


def deployment_of(desk: Desk, request: str) -> str:
    found: str = desk.json("request", "show", request)["deployment"]
    return found
