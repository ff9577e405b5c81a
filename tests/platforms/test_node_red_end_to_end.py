"""The main job against a real Node-RED, through the real command: deploy, a change behind our back, drift, rollback."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from node_red_server import PASSWORD, USER, Server, running

from store.config import LiveConfig

pytestmark = pytest.mark.node_red
COMMAND = Path(sys.executable).with_name("quarterdeck")
FIXTURES = Path(__file__).parent / "fixtures" / "node_red"
STATED = ("--why", "orders", "--success", "orders arrive", "--risk", "low", "--rollback-plan", "the release before")


@dataclass
class Plant:
    """A workspace with one environment that is a running Node-RED."""

    folder: Path
    server: Server

    def run(self, *arguments: str, key: str = "bo", status: int | None = 0) -> Any:
        done = subprocess.run(
            [COMMAND, "--key", str(self.folder / key), *arguments],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert status is None or done.returncode == status, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        return json.loads(done.stdout) if "--json" in arguments else done.stdout + done.stderr

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH",) if name in os.environ}
        state = {"HOME": str(self.folder), "XDG_STATE_HOME": str(self.folder / "state"), "LANG": "C.UTF-8"}
        return kept | state | {"QUARTERDECK_WORKSPACE": str(self.folder / "ws"), "NR_PASSWORD": PASSWORD}

    def release(self, export: Path) -> str:
        drop = self.folder / "ws" / "inbox" / "plant" / "orders" / "flows.json"
        drop.parent.mkdir(parents=True, exist_ok=True)
        drop.write_bytes(export.read_bytes())
        self.run("watch", "--once")
        stated = ("--project", "orders", "--env", "plant", "--title", "a release", *STATED)
        request = str(self.run("request", "open", *stated, "--json", key="alice")["id"])
        self.run("request", "submit", request, key="alice")
        self.run("approve", request)
        self.run("deploy", request)
        return request

    def api(self, method: str, **more: Any) -> httpx.Response:
        grant = {"client_id": "node-red-admin", "grant_type": "password", "scope": "*"}
        with httpx.Client(base_url=self.server.url, trust_env=False, timeout=60) as client:
            token = client.post("/auth/token", data=grant | {"username": USER, "password": PASSWORD})
            headers = {
                "Authorization": f"Bearer {token.json()['access_token']}",
                "Node-RED-API-Version": "v2",
            }
            answer = client.request(method, "/flows", headers=headers, **more)
            answer.raise_for_status()
            return answer

    def flows(self) -> list[dict[str, Any]]:
        return list(self.api("GET").json()["flows"])

    def until(self, kind: str, seconds: float = 60) -> None:
        """Wait until the ledger holds an entry of this kind."""
        until = time.monotonic() + seconds
        while not self.run("log", "--kind", kind, "--json"):
            assert time.monotonic() < until, f"no {kind}"
            time.sleep(0.1)

    def edit(self, word: str) -> None:
        """Change a function in the editor's way: behind quarterdeck's back."""
        live = self.api("GET").json()
        function = next(node for node in live["flows"] if node["type"] == "function")
        function["func"] = f"// {word}\n{function['func']}"
        self.api("POST", json={"flows": live["flows"], "rev": live["rev"]})


@pytest.fixture
def plant(tmp_path: Path) -> Iterator[Plant]:
    for name in ("alice", "bo"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / name], check=True)
    with running(tmp_path / "node-red", with_password=True) as server:
        made = Plant(folder=tmp_path, server=server)
        made.run("init", "ws", "--name", "alice", key="alice")
        roles = ("--role", "approver", "--role", "operator")
        made.run("principal", "add", "bo", "--public-key", "bo.pub", *roles, key="alice")
        login = ("--user", USER, "--password-env", "NR_PASSWORD")
        made.run("environment", "add", "plant", "--target", "node-red", "--url", server.url, *login, key="alice")
        yield made


@contextlib.contextmanager
def watching(plant: Plant) -> Iterator[tuple[Callable[[], str], Callable[[], float]]]:
    """Run `quarterdeck watch`, past its first look; yield what tells what it said, once it ended, and its seconds."""
    said: list[str] = []
    watcher = subprocess.Popen(
        [COMMAND, "watch"], cwd=plant.folder, env=plant.environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    try:
        assert watcher.stderr is not None
        assert b"watching" in watcher.stderr.readline()
        time.sleep(1.5)
        yield lambda: said[0], lambda: worked(watcher.pid)
    finally:
        watcher.send_signal(signal.SIGTERM)
        _, complaints = watcher.communicate(timeout=60)
        said.append(complaints.decode())
    assert watcher.returncode == 0, said


def worked(pid: int) -> float:
    """Return how many seconds of the processor a process has had."""
    user, system = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def canonical(nodes: list[dict[str, Any]]) -> list[str]:
    return sorted(json.dumps(node, sort_keys=True) for node in nodes)


def test_a_change_in_the_editor_is_drift_and_a_rollback_takes_it_back(plant: Plant) -> None:
    first = json.loads((FIXTURES / "orders-v1.json").read_bytes())
    plant.release(FIXTURES / "orders-v1.json")
    assert canonical(plant.flows()) == canonical(first)
    second = plant.release(FIXTURES / "orders-v2.json")
    assert plant.run("drift", "plant", "--json") == []

    plant.edit("tampered")
    plant.run("watch", "--once")
    drifts = plant.run("drift", "plant", "--json", status=1)
    assert [drift["status"] for drift in drifts] == ["open"]
    assert "func" in drifts[0]["summary"]
    listed = plant.run("connectors", "--env", "plant", "--json")["connectors"]
    assert ["4.1.8"] in [module["versions"] for module in listed if module["name"] == "node-red"]

    plan = plant.run("rollback", "plant", "--project", "orders", "--dry-run", "--json")
    assert plan["takes_along"] == [second]
    assert plan["drifts"] == [drifts[0]["id"]]
    plant.run("rollback", "plant", "--project", "orders", "--yes")
    assert canonical(plant.flows()) == canonical(first)
    assert plant.run("drift", "plant", "--json") == []
    assert plant.run("verify", "--json")["ok"] is True
    held = plant.run("quarantine", "list", "--json")
    assert [row["project"] for row in held] == ["orders"]


def test_reverting_a_drift_pushes_the_desired_release_over_it(plant: Plant) -> None:
    plant.release(FIXTURES / "orders-v1.json")
    wanted = canonical(plant.flows())
    plant.edit("tampered")
    plant.run("watch", "--once")
    drift = plant.run("drift", "plant", "--json", status=1)[0]["id"]
    plant.run("drift", "revert", drift, "--yes")
    assert canonical(plant.flows()) == wanted
    assert plant.run("quarantine", "list", "--json") == []


def test_a_change_that_nobody_saw_is_never_overwritten(plant: Plant) -> None:
    plant.release(FIXTURES / "orders-v1.json")
    plant.release(FIXTURES / "orders-v2.json")
    plant.edit("unseen")
    refused = plant.run("rollback", "plant", "--project", "orders", "--yes", status=1)
    assert "behind our back" in refused
    assert any("// unseen" in node.get("func", "") for node in plant.flows())
    assert len(plant.run("drift", "plant", "--json", status=1)) == 1
    plant.run("rollback", "plant", "--project", "orders", "--yes")
    assert not any("// unseen" in node.get("func", "") for node in plant.flows())


def test_watch_sees_a_change_in_the_editor_within_two_seconds(plant: Plant) -> None:
    plant.release(FIXTURES / "orders-v1.json")
    with watching(plant) as (_, seconds):
        before = seconds()
        plant.edit("tampered")
        plant.until("drift.opened")
        needed = seconds() - before  # the busy machine is not blamed on us
    assert LiveConfig().interval_seconds + needed <= 2
    assert len(plant.run("drift", "plant", "--json", status=1)) == 1


def test_watch_reverts_an_unauthorised_change_by_itself_where_the_environment_says_so(plant: Plant) -> None:
    plant.release(FIXTURES / "orders-v1.json")
    wanted = canonical(plant.flows())
    plant.run("environment", "edit", "plant", "--enforce", "revert", key="alice")
    with watching(plant) as (said, _):
        plant.edit("tampered")
        plant.until("drift.resolved")
    assert "reverted by itself (DEP-0002)" in said()
    assert canonical(plant.flows()) == wanted
    (started,) = plant.run("log", "--kind", "revert.started", "--json")
    assert started["actor"] == "system"
    assert plant.run("verify", "--json")["ok"] is True


def test_one_tab_goes_back_alone_and_missing_credentials_are_listed_before_and_after(plant: Plant) -> None:
    first = json.loads((FIXTURES / "orders-v1.json").read_bytes())
    plant.release(FIXTURES / "orders-v1.json")
    broker = next(node for node in first if node["type"] == "mqtt-broker")
    tab = next(node for node in first if node["type"] == "tab")
    changed = [
        {**node, "func": f"// later\n{node['func']}"} if node["type"] == "function" else node
        for node in first
        if node["id"] != broker["id"]
    ]
    later = plant.folder / "later.json"
    later.write_text(json.dumps(changed))
    plant.release(later)

    parts = ("--component", tab["id"], "--component", broker["id"])
    plan = plant.run("rollback", "plant", "--project", "orders", *parts, "--dry-run", "--json")
    lost = [line for line in plan["cannot_come_back"] if "mqtt-broker" in line]
    assert len(lost) == 1
    done = plant.run("rollback", "plant", "--project", "orders", *parts, "--yes", "--json")
    assert done["credentials_missing"] == lost
    live = {node["id"]: node for node in plant.flows()}
    assert broker["id"] in live
    for node in first:
        back = node.get("z") == tab["id"] or node["id"] in {tab["id"], broker["id"]}
        assert (live[node["id"]] == node) == (back or node["type"] != "function")


def test_a_change_that_nobody_saw_is_shown_in_three_ways_before_it_is_overwritten(plant: Plant) -> None:
    plant.release(FIXTURES / "orders-v1.json")
    plant.release(FIXTURES / "orders-v2.json")
    plant.edit("unseen")
    said = plant.run("rollback", "plant", "--project", "orders", "--yes", status=1)
    assert "the last deployment changed:" in said
    assert "what was changed live:" in said
    assert "+// unseen" in said


def test_a_node_red_that_does_not_answer_is_said_in_one_line_and_recorded(plant: Plant) -> None:
    plant.release(FIXTURES / "orders-v1.json")
    drop = plant.folder / "ws" / "inbox" / "plant" / "orders" / "flows.json"
    drop.write_bytes((FIXTURES / "orders-v2.json").read_bytes())
    plant.run("watch", "--once")
    stated = ("--project", "orders", "--env", "plant", "--title", "too late", *STATED)
    request = plant.run("request", "open", *stated, "--json", key="alice")["id"]
    plant.run("request", "submit", request, key="alice")
    plant.run("approve", request)
    plant.server.process.kill()
    plant.server.process.wait()
    said = plant.run("deploy", request, status=3)
    assert plant.server.url in said
    assert plant.run("watch", "--once", status=3)
    assert plant.run("verify", "--json")["ok"] is True
