"""The scene most stories play in: a workspace, its people, and the short way through a change."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.exports import V1
from support.keyring import line_of, new_key
from support.ticking import TickingClock

from store.clock import timestamp
from store.domain import events as ev
from store.domain.roles import parse_grant
from store.errors import QuarterdeckError, Refusal
from store.intake.inbox import Root, scan
from store.integrity.entry import Entry, Statement
from store.integrity.signer import KeyFileSigner
from store.projections import requests as request_rows
from store.services import incidents
from store.services.context import Actor, Context, recorded
from store.services.delivery import deploying, environments
from store.services.delivery.pushing import Outcome
from store.services.drift import drifting
from store.services.exports import ingesting
from store.services.exports.ingesting import Report
from store.services.identity import people
from store.services.requests import approving, requests
from store.workspace import Workspace, create, open_workspace

CAST = {
    "alice": ("admin",),
    "bo": ("approver", "operator"),
    "cy": ("requester",),
    "dana": ("approver", "security-approver"),
}
ORIGIN = "test.example/ledger"


@dataclass(frozen=True)
class Template:
    """A closed workspace to copy, its people's key files, and the time it ends at."""

    root: Path
    keys: Path
    clock: TickingClock


@dataclass(kw_only=True)
class Scene:
    """An opened workspace with everybody's keys at hand."""

    workspace: Workspace
    clock: TickingClock
    keys: Path
    alice: Actor
    bo: Actor
    cy: Actor
    dana: Actor

    @property
    def context(self) -> Context:
        return self.workspace.context

    def actor(self, handle: str) -> Actor:
        """Return somebody with the key that was made for them (it need not be enrolled)."""
        path = self.keys / handle
        return Actor(handle=handle, signer=KeyFileSigner(path) if path.exists() else new_key(path))

    def enrol(self, handle: str, *roles: str) -> Actor:
        """Let alice add one more person with a key of their own."""
        actor = self.actor(handle)
        line = line_of(actor.signer)
        people.add(self.context, self.alice, handle, key_lines=[line], grants=[parse_grant(role) for role in roles])
        return actor

    def fill(self, size: int) -> None:
        """Let the ledger grow to `size` entries in one go."""
        origin = self.context.ledger.origin
        with self.context.ledger.writing() as writer:
            for number in range(size - self.size):
                data = {"number": number, "text": "x" * (number % 40)}
                writer.append(
                    Statement(
                        origin=origin, kind="thing.happened", time=timestamp(self.clock.now()), actor="system", on={},
                        data=data,
                    )
                )  # fmt: skip

    def ingest(
        self, data: bytes = V1, *, project: str = "orders", place: str = "prod", name: str = "flows.json"
    ) -> str:
        """Drop one export into the inbox; return its digest."""
        return self._taken("inbox", data, project, place, name).files[0].digest or ""

    def observe(
        self, data: bytes, *, project: str = "orders", place: str = "prod", name: str = "flows.json"
    ) -> tuple[str, ...]:
        """See one export live; return the drifts that now stand, by id."""
        self._taken("observed", data, project, place, name)
        return tuple(sorted(drift.id for drift in drifting.standing(self.context.ledger, place, project).values()))

    def _taken(self, kind: str, data: bytes, project: str, place: str, name: str) -> Report:
        folder = self.workspace.root / kind
        path = folder / place / project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        root = Root(kind="observed" if kind == "observed" else "inbox", path=folder)
        mine = [item for item in scan(root) if item.path == path]
        return ingesting.ingest(self.context, mine)

    def open(self, by: Actor | None = None, *, project: str = "orders", place: str = "prod", **stated: str) -> str:
        """Open a draft request for the newest exports; return its id."""
        entry = requests.open_request(
            self.context, by or self.cy, project=project, environment=place, content=content(**stated)
        )
        return entry.statement.on["request"]

    def submitted(self, by: Actor | None = None, *, place: str = "prod", project: str = "orders", **stated: str) -> str:
        """Open and submit a request."""
        request = self.open(by, place=place, project=project, **stated)
        requests.submit(self.context, by or self.cy, request)
        return request

    def approved(self, *, place: str = "prod", project: str = "orders", by: Iterable[Actor] = (), **stated: str) -> str:
        """Open, submit and approve a request (by dana, unless others are named)."""
        request = self.submitted(None, place=place, project=project, **stated)
        for actor in by or (self.dana,):
            approving.approve(self.context, actor, request)
        return request

    def deploy(self, request: str, by: Actor | None = None) -> Outcome:
        """Let bo deploy."""
        return deploying.deploy(self.context, by or self.bo, request)

    def live(self, data: bytes = V1, *, place: str = "prod", project: str = "orders", name: str = "flows.json") -> str:
        """Bring an export from the inbox to life; return its request."""
        self.ingest(data, place=place, project=project, name=name)
        request = self.approved(place=place, project=project)
        assert self.deploy(request).verified
        return request

    def delivered(self, *, place: str = "prod", project: str = "orders") -> dict[str, bytes]:
        """Return what stands in an environment's folder."""
        folder = self.workspace.root / "out" / place / project
        return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}

    def grant_more(self) -> None:
        """Let alice sign one more entry, another one each time."""
        people.grant(self.context, self.alice, "cy", ev.Grant(role="auditor", project=f"p{self.size}"))

    def reopened(self) -> Workspace:
        """Open the workspace once more, as another process would."""
        return open_workspace(self.workspace.root, clock=self.clock)

    def open_note(self) -> int:
        """Let alice write something down; return the entry's number."""
        return incidents.annotate(self.context, self.alice, "1", "a note").seq

    def state(self, request: str) -> str:
        """Return the state of a request, folded from its entries."""
        return requests.change_of(self.context.ledger, request).state

    @property
    def states(self) -> dict[str, str]:
        """Request id → its state, as lists show it."""
        with self.context.ledger.reading() as connection:
            return {row.id: row.state for row in request_rows.listing(connection)}

    def kinds(self, *, after: int = 0) -> list[str]:
        """Return the kinds of the entries after entry `after`."""
        return [entry.statement.kind for entry in self.entries(after=after)]

    def entries(self, *, after: int = 0, kind: str | None = None) -> list[Entry]:
        """Return entries, oldest first."""
        return list(self.context.ledger.entries(after=after, kinds=[kind] if kind else None))

    def last(self, kind: str) -> ev.Event:
        """Return the newest event of a kind."""
        return next(recorded(self.context.ledger.entries(kinds=[kind], limit=1, newest_first=True))).event

    @property
    def refusals(self) -> list[ev.AttemptRefused]:
        """Return every recorded attempt that a rule refused, oldest first."""
        found = recorded(self.entries(kind="attempt.refused"))
        return [one.event for one in found if isinstance(one.event, ev.AttemptRefused)]

    @property
    def acts(self) -> int:
        """How many entries there are besides the refused attempts."""
        return self.size - len(self.refusals)

    @contextmanager
    def refused(
        self, words: str, error: type[QuarterdeckError] = Refusal, *, beside: Collection[str] = ()
    ) -> Iterator[None]:
        """Expect what happens inside to be refused in these words, recorded with every reason, and nothing else.

        `beside` are the kinds of entry that may be recorded all the same: what gates said, what somebody else did.
        """
        before = self.size
        with pytest.raises(error, match=words) as told:
            yield
        assert set(self.kinds(after=before)) <= {"attempt.refused", *beside}, self.kinds(after=before)
        assert told.value.entry is not None, f"refused and not recorded: {told.value}"
        entry = self.context.ledger.entry(told.value.entry)
        assert (entry.statement.kind, entry.statement.data["reason"]) == ("attempt.refused", str(told.value))

    @property
    def size(self) -> int:
        return self.context.ledger.head().size


def content(**stated: str) -> ev.RequestContent:
    """Return what a requester states, of low risk unless said otherwise."""
    words = {
        "title": "Change orders",
        "why": "the shop asked for it",
        "success": "orders arrive",
        "rollback_plan": "the release before",
        "risk": "low",
    }
    return ev.RequestContent(**(words | stated))


def build(root: Path, keys: Path, clock: TickingClock) -> None:
    """Make the workspace everybody starts from: the cast enrolled, one folder environment `prod`."""
    signers = {name: new_key(keys / name) for name in CAST}
    workspace = create(root, signer=signers["alice"], handle="alice", origin=ORIGIN, clock=clock)
    alice = Actor(handle="alice", signer=signers["alice"])
    for name, granted in CAST.items():
        if name != "alice":
            grants = [parse_grant(role) for role in granted]
            people.add(workspace.context, alice, name, key_lines=[line_of(signers[name])], grants=grants)
    add_environment(workspace.context, alice, "prod")
    workspace.close()


def add_environment(context: Context, actor: Actor, name: str) -> None:
    """Add a folder environment that delivers to `out/<name>`."""
    settings = {"deliver": f"out/{name}", "observe": f"observed/{name}"}
    environments.add(context, actor, name, target="folder", settings=settings)


def enter(template: Path, root: Path, keys: Path, clock: TickingClock) -> Scene:
    """Open a copy of the workspace in `template` at `root`."""
    shutil.copytree(template, root)
    return enter_here(root, keys, clock)


def enter_here(root: Path, keys: Path, clock: TickingClock) -> Scene:
    """Open the workspace that stands at `root`."""
    workspace = open_workspace(root, clock=clock)
    actors = {name: Actor(handle=name, signer=KeyFileSigner(keys / name)) for name in CAST}
    return Scene(workspace=workspace, clock=clock, keys=keys, **actors)
