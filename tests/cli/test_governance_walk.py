"""The walk of governance.md: from an idea to a rolled-back release through four environments, under `regulated`."""

from __future__ import annotations

import os
import time
from pathlib import Path

from cli_desk import Desk

from store.demo.samples import orders

PLACES = ("dev", "test", "staging", "prod")
PEOPLE = {
    "rita": ("requester",),
    "bo": ("approver",),
    "dana": ("approver", "security-approver"),
    "olaf": ("operator",),
    "fay": ("responder",),
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
    first = through_all(desk, orders(1))
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
    glass = desk.json("break-glass", "open", opened["id"], "--env", "prod", *why, key="fay")
    desk.run("rollback", "prod", "--project", "orders", "--reason", "wrong refunds", "--yes", key="fay", status=0)
    assert (desk.ws / "out/prod/orders/flows.json").read_bytes() == orders(1)
    (held,) = desk.json("quarantine", "list")
    assert held["release"] == desk.json("request", "show", second)["release"]
    assert desk.json("request", "show", first)["state"] == "live"
    desk.run("break-glass", "end", glass["id"], "--reason", "it is back", key="fay", status=0)
    own = desk.run("break-glass", "review", glass["id"], "--note", "fine", key="fay", status=1)
    assert "refused" in own.complaint
    desk.run("break-glass", "review", glass["id"], "--note", "it was right", key="dana", status=0)
    refused = desk.run("promote", second, "--to", "prod", key="rita", status=1)
    assert "refused" in refused.complaint
    desk.run(
        "incident", "close", opened["id"], "--cause", "a hand edit", "--fix", "rolled back", "--learned", "lock it",
        key="fay", status=0,
    )  # fmt: skip
    explained(desk, second, drift["id"], opened["id"])
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
    (desk.root / "unit.xml").write_text(JUNIT)
    (desk.root / "scan.sarif").write_text(SARIF)
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
        own = desk.run("approve", request, key="rita", status=1)
        assert "rita may not approve" in own.complaint or "separation of duties" in own.complaint
        desk.run("approve", request, key="bo", status=0)
        desk.run("approve", request, key="dana", status=0)
        desk.run("deploy", request, key="olaf", status=0)
        assert (desk.ws / "out" / place / "orders" / "flows.json").read_bytes() == data
        if place == "staging" and data != orders(1):
            rehearse(desk, data)
    return request


def rehearse(desk: Desk, data: bytes) -> None:
    """Let olaf try the way back where the policy wants it tried; a first release has none."""
    try_it = ("rollback", "staging", "--project", "orders", "--rehearse", "--reason", "it goes on to prod", "--yes")
    refused = desk.run(*try_it, key="rita", status=1)
    assert "rita may not roll back" in refused.complaint
    done = desk.json(*try_it, key="olaf")
    assert (done["passed"], done["stands"]) == (True, done["release"])
    assert (desk.ws / "out" / "staging" / "orders" / "flows.json").read_bytes() == data


def bring_evidence(desk: Desk, request: str) -> None:
    for file in ("unit.xml", "scan.sarif"):
        desk.run("gate", "report", "add", file, "--request", request, key="rita", status=0)
    made = ("--kind", "created", "--what", "orders", "--where", "test.orders", "--records", "40")
    desk.run("testdata", "add", request, *made, key="rita", status=0)


def deployment_of(desk: Desk, request: str) -> str:
    found: str = desk.json("request", "show", request)["deployment"]
    return found
