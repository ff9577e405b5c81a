"""Three workspaces to look at every screen in: nothing yet, the demo, and everything at once, most of it wrong."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from screens_scene import NOW, FrozenClock, make_demo
from support.hostile import ALL_AT_ONCE, HOSTILE, storable
from support.tampering import unread

from console.screen.desk import Desk
from store.demo.build import _new_key, _nonces
from store.demo.weeks import StoryClock
from store.domain import events as ev
from store.domain.roles import parse_grant
from store.errors import QuarterdeckError
from store.integrity.signer import KeyFileSigner
from store.ledger.report import Verdict
from store.services import incidents
from store.services.context import Actor
from store.services.delivery import deploying, environments
from store.services.exports import watching
from store.services.identity import people
from store.services.requests import approving, requests
from store.workspace import LOG_KEY_FILE, Workspace, create, open_workspace

STATES = ("empty", "typical", "extreme")
PLACES = (
    "prod",
    "dev",
    "production-eu-west-1." + "a-very-long-name." * 2 + "of-a-site",
    "prod-eu-west-1.customer-facing.payments-and-refunds",
    "x",
    *(f"site-{number:02}" for number in range(8)),
)
PROJECTS = (
    "orders",
    "orders-and-refunds." + "of-every-shop." * 3 + "x",
    *(f"project-{number:02}" for number in range(18)),
)
COMPONENTS = 2_000
DRIFTED = 120
LONG = storable(f"{ALL_AT_ONCE} {' '.join(HOSTILE[:20])} ")
"""Long texts are made of these."""


@dataclass(frozen=True)
class Opened:
    """A workspace and the person at it."""

    workspace: Workspace
    desk: Desk


@contextmanager
def opened(folder: Path, state: str) -> Iterator[Opened]:
    """Open one of the three at NOW, as somebody who may do much in it."""
    who = "ada" if state == "empty" else "mira"
    workspace = open_workspace(folder, clock=FrozenClock())
    desk = Desk(
        workspace.context, Actor(handle=who, signer=KeyFileSigner(folder / "demo-keys" / who)), check_at_start=False
    )
    if state == "extreme":
        desk.learned(Verdict.INVALID)
    yield Opened(workspace=workspace, desk=desk)
    workspace.close()


def make(folder: Path, state: str) -> Path:
    """Build one of the three, each time the same; or `hostile`: the extreme one, but small."""
    match state:
        case "typical":
            return make_demo(folder)
        case "empty":
            _begin(folder, StoryClock(NOW - timedelta(hours=3)))[0].close()
        case "extreme":
            with unread():
                _Extreme(folder, COMPONENTS, DRIFTED).build()
        case _:
            with unread():
                _Extreme(folder, 40, 8).build()
    return folder


def _begin(folder: Path, clock: StoryClock) -> tuple[Workspace, Actor]:
    folder.mkdir(parents=True)
    _new_key(folder / LOG_KEY_FILE, "matrix")
    signer = KeyFileSigner(_new_key(folder / "demo-keys" / "ada", "matrix"))
    nonces = _nonces("matrix")
    workspace = create(
        folder, signer=signer, handle="ada", clock=clock, origin="quarterdeck.local/matrix", nonce=nonces
    )
    return workspace, Actor(handle="ada", signer=signer)


class _Extreme:
    """Many places and projects, hostile names, long texts, thousands of components, and nothing but failures."""

    def __init__(self, folder: Path, components: int, drifted: int) -> None:
        self.folder, self.components, self.drifted = folder, components, drifted
        self.clock = StoryClock(NOW - timedelta(days=9))
        self.workspace, self.ada = _begin(folder, self.clock)
        self.context = self.workspace.context
        self.mira = self.person("mira", "approver", "operator", "responder", "requester")
        self.ines = self.person("ines", "approver", "security-approver")
        self.long = self.person("somebody-with-a-very-long-name-1", "requester", "approver")

    def build(self) -> None:
        for place in PLACES:
            settings = {"deliver": f"out/{place}", "observe": f"observed/{place}"}
            environments.add(self.context, self.ada, place, target="folder", settings=settings)
        self.drop(self.folder / "inbox", "prod", "orders", "flows.json", self.flows(self.components, 1))
        for project in PROJECTS[1:]:
            self.drop(self.folder / "inbox", "prod", project, "flows.json", self.flows(4, 1))
        self.taken()
        first = self.request("orders", "prod")
        self.approve(first)
        deploying.deploy(self.context, self.mira, first)
        for project in PROJECTS[1:]:
            self.request(project, "prod")
        self.later(days=5)
        self.failing("orders", PLACES[2])
        self.drop(self.folder / "observed", "prod", "orders", "flows.json", self.flows(self.components, 2))
        for number in range(12):
            self.drop(self.folder / "inbox", "prod", "orders", f"broken {number} it's [b]bold[/b].json", b"{")
        self.taken()
        self.later(days=1)
        for severity in incidents.SEVERITIES * 2:
            incidents.open_incident(self.context, self.mira, title=storable(ALL_AT_ONCE), severity=severity)
        incidents.note(self.context, self.mira, "INC-0001", self.words(42_000))  # an entry holds 64 KiB
        environments.freeze(self.context, self.mira, "prod", reason=self.words(2_000))
        self.workspace.close()

    def failing(self, project: str, place: str) -> None:
        """Approve a release whose delivery cannot succeed: a file stands where its folder should."""
        self.drop(self.folder / "inbox", place, project, "flows.json", self.flows(4, 3))
        self.taken()
        request = self.request(project, place)
        self.approve(request)
        (self.folder / "out").mkdir(exist_ok=True)
        (self.folder / "out" / place).write_text("in the way")
        with suppress(QuarterdeckError):
            deploying.deploy(self.context, self.mira, request)

    def approve(self, request: str) -> None:
        for actor in (self.mira, self.ines):
            approving.approve(self.context, actor, request, note=LONG)

    def person(self, handle: str, *roles: str) -> Actor:
        signer = KeyFileSigner(_new_key(self.folder / "demo-keys" / handle, "matrix"))
        grants = [parse_grant(role) for role in roles]
        people.add(self.context, self.ada, handle, key_lines=[people.bare_line(signer.public)], grants=grants)
        return Actor(handle=handle, signer=signer)

    def request(self, project: str, place: str) -> str:
        content = ev.RequestContent(
            title=storable(ALL_AT_ONCE), why=self.words(4_000), success=self.words(900), rollback_plan=self.words(900),
            risk="high", impact=self.words(500), what=self.words(3_000),
        )  # fmt: skip
        entry = requests.open_request(self.context, self.long, project=project, environment=place, content=content)
        request = entry.statement.on["request"]
        requests.submit(self.context, self.long, request)
        return request

    def drop(self, root: Path, place: str, project: str, name: str, data: bytes) -> None:
        path = root / place / project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        os.utime(path, (path.stat().st_atime - 60, path.stat().st_mtime - 60))

    def taken(self) -> None:
        """Take in what was dropped."""
        watching.once(self.context)

    def later(self, **by: int) -> None:
        self.clock.set(self.clock.at + timedelta(**by))

    def words(self, size: int) -> str:
        """Return a hostile text of so many characters."""
        return (LONG * (size // len(LONG) + 1))[:size]

    def flows(self, tabs: int, version: int) -> bytes:
        """Return a Node-RED export whose every name is hostile; a version differs from another in some tabs."""
        nodes: list[dict[str, object]] = []
        for number in range(tabs):
            name = HOSTILE[number % len(HOSTILE)][:300].replace("\ud800", "")
            code = f"// {name}\nreturn {version if number < self.drifted else 0};"
            nodes.append({"id": f"t{number}", "type": "tab", "label": f"{name} {number}", "info": name})
            nodes.append({"id": f"n{number}", "type": "function", "z": f"t{number}", "name": name, "func": code})
        nodes.append(
            {"id": "h", "type": "http request", "z": "t0", "name": "", "url": f"https://{ALL_AT_ONCE}.example/"}
        )
        return json.dumps(nodes).encode()
