"""A target that is a running n8n, over its public API. One n8n carries one project.

The API has no revision to push against, so every workflow is read, compared, written and read again by itself. What
fails on the way leaves an exact record. Workflows that a release does not name are left alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from store.domain.component import ExportFile
from store.domain.snapshot import Pushed, Snapshot
from store.errors import BadInput, Conflict, PartialPush, PlatformFailure
from store.integrity.plain_json import dumps
from store.integrity.strict_json import parse as parse_json
from store.platforms.n8n import N8n, workflows_of
from store.platforms.n8n.live import FILE, Workflow, as_export, body_of, layout, meaning, revision_of, version
from store.reach.heard import heard
from store.reach.http import Answer, Service, Trust
from store.reach.secret import Secret, secret

_PAGE: Final = 100
_MOST_PAGES: Final = 1000


@dataclass(frozen=True, kw_only=True, slots=True)
class N8nTarget:
    """Reads and writes the workflows of one n8n. The API key is read at each use and kept nowhere."""

    url: str
    api_key: Secret
    timeout: float = 10.0
    """Seconds for a whole request."""
    trust: Trust = field(default_factory=Trust)
    ids: Mapping[str, str] = field(default_factory=dict)
    """Component id → id in this n8n, where they differ: it names what it creates itself."""
    kind: str = "n8n"
    live: bool = True
    whole: bool = False
    _service: Service = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        service = Service(url=self.url, name="n8n", trust=self.trust, seconds=self.timeout)
        object.__setattr__(self, "_service", service)

    def describe(self) -> str:
        """Return the place in words."""
        return self._service.describe()

    def knowing(self, ids: Mapping[str, str]) -> N8nTarget:
        """Return the same target, told by what ids it knows components."""
        return replace(self, ids=dict(ids))

    def fetch(self, _project: str) -> Snapshot:  # one n8n carries one project
        """Return all workflows as one file `workflows.json`, sorted by id, without what is noise.

        Raises:
            PlatformFailure: not reachable, not authorised, or no n8n.
        """
        live = self._list()
        known = {theirs: ours for ours, theirs in self.ids.items()}
        shown = sorted((as_export(live[one], known.get(one, one)) for one in live), key=lambda flow: str(flow["id"]))
        data = dumps(shown, indented=True)
        return Snapshot(files=(ExportFile(name=FILE, data=data),), revision=revision_of(live))

    def push(
        self,
        _project: str,
        files: Sequence[ExportFile],
        *,
        expected: str,
        remove: Sequence[str] = (),  # noqa: ARG002  a file here is only a wrapping
        gone: Sequence[str] = (),
        carriers: Mapping[str, str] | None = None,
    ) -> Pushed:
        """Write the workflows that differ from what is there, each read before and after; then delete those `gone`.

        Raises:
            BadInput: the files hold something else than workflows.
            Conflict: somebody saved a workflow since `expected`; nothing was changed.
            PlatformFailure: the first write failed; nothing was changed.
            PartialPush: a later one did.
        """
        wanted = _wanted(files, carriers)
        live = self._list()
        if revision_of(live) != expected:
            raise Conflict(f"{self.describe()}: somebody else saved a workflow since they were compared")
        job = _Job(target=self, ids={ours: theirs for ours, theirs in self.ids.items() if theirs in live})
        todo = [one for one in wanted if not job.is_done(wanted[one], live.get(job.live_id(one)))]
        leave = [one for one in dict.fromkeys(gone) if one not in wanted and job.live_id(one) in live]
        job.carry_out(todo, leave, wanted, live)
        return Pushed(revision=revision_of(self._list()), ids=job.ids)

    def one(self, identity: str) -> Workflow:
        """Return one workflow as it is now, by its id here."""
        return self._service.object(self.ask("GET", _path(identity)))

    def ask(self, method: str, path: str, **more: Any) -> Answer:
        """Send one request with the API key, and make sure that it may do that.

        Raises:
            PlatformFailure: no answer, or the key may not.
        """
        return self.allowed(method, self.sent(method, path, **more))

    def sent(self, method: str, path: str, **more: Any) -> Answer:
        """Send one request with the API key and return whatever was answered.

        Raises:
            PlatformFailure: no key, or no answer.
        """
        try:
            key = self.api_key.read()
        except PlatformFailure as failure:
            raise PlatformFailure(f"{self.describe()}: {failure}") from None
        return self._service.ask(method, f"api/v1/{path}", headers={"X-N8N-API-KEY": key}, **more)

    def allowed(self, method: str, answer: Answer) -> Answer:
        """Return the answer. Raises PlatformFailure when it says that the key may not."""
        if answer.status == HTTPStatus.UNAUTHORIZED:
            raise PlatformFailure(f"{self.describe()} does not know this API key")
        if answer.status == HTTPStatus.FORBIDDEN:
            act = {"GET": "read", "PUT": "update", "DELETE": "delete"}.get(method, "create, activate or deactivate")
            raise PlatformFailure(f"{self.describe()}: the API key's scopes do not let it {act} workflows")
        return answer

    def done(self, answer: Answer, what: str) -> Workflow:
        """Return the workflow in the answer to a write.

        Raises:
            PlatformFailure: n8n refused; says what it says.
        """
        if not answer.fine:
            raise PlatformFailure(f"{self.describe()} refused to {what}: {_message(answer)}")
        return self._service.object(answer)

    def _list(self) -> dict[str, Workflow]:
        """Return every workflow by its id here, page by page."""
        found: dict[str, Workflow] = {}
        query: dict[str, str | int] = {"limit": _PAGE, "excludePinnedData": "true"}
        for _ in range(_MOST_PAGES):
            page = self._service.object(self.ask("GET", "workflows", params=query))
            items, cursor = page.get("data"), page.get("nextCursor")
            if not isinstance(items, list):
                raise PlatformFailure(f"{self.describe()}: the answer holds no workflows")
            for item in items:
                if not isinstance(item, dict) or not isinstance(item.get("id"), str):
                    raise PlatformFailure(f"{self.describe()}: the answer holds a workflow without an id")
                found[str(item["id"])] = item
            if not isinstance(cursor, str) or not cursor:
                return found
            query["cursor"] = cursor
        raise PlatformFailure(f"{self.describe()}: the list of workflows does not end")


@dataclass(kw_only=True, slots=True)
class _Job:
    """One push, workflow by workflow: what is done, what is being done, what is left."""

    target: N8nTarget
    ids: dict[str, str]
    changed: list[str] = field(default_factory=list)
    sent: bool = False
    """A write of the workflow in hand left us and was not plainly refused."""

    def live_id(self, component: str) -> str:
        """Return the id by which n8n knows a component (or would, if it came from there)."""
        return self.ids.get(component, component)

    def is_done(self, wanted: Workflow, live: Workflow | None) -> bool:
        """Say whether a live workflow is the wanted one already, down to its layout."""
        if live is None:
            return False
        there = as_export(live, "")
        return meaning(wanted) == meaning(there) and layout(wanted) == layout(there)

    def carry_out(
        self, todo: Sequence[str], gone: Sequence[str], wanted: Mapping[str, Workflow], live: Mapping[str, Workflow]
    ) -> None:
        """Write, then delete; on the first failure tell how far it came."""
        order = [*todo, *gone]
        for number, component in enumerate(order):
            self.sent = False
            try:
                if component in wanted:
                    self._write(component, wanted[component], live.get(self.live_id(component)))
                else:
                    self._delete(component, live[self.live_id(component)])
            except (PlatformFailure, Conflict) as failure:
                if not self.changed and not self.sent:
                    raise
                raise PartialPush(
                    str(failure),
                    changed=self.changed,
                    unsure=[component] if self.sent else [],
                    untouched=order[number + self.sent :],
                    ids=self.ids,
                ) from None
            self.changed.append(component)

    def _write(self, component: str, wanted: Workflow, before: Workflow | None) -> None:
        target, name = self.target, f"{wanted.get('name')!r}"
        identity = self.live_id(component)
        if before is None:
            made = self._send("POST", "workflows", f"create {name}", body_of(wanted))
            identity = str(made.get("id"))
            if identity != component:
                self.ids[component] = identity
        else:
            self._compare(identity, before)
            made = self._send("PUT", _path(identity), f"save {name}", body_of(wanted))
        if (wanted.get("active") is True) != (made.get("active") is True):
            verb = "activate" if wanted.get("active") is True else "deactivate"
            self._send("POST", f"{_path(identity)}/{verb}", f"{verb} {name}")
        there = target.one(identity)
        if meaning(as_export(there, "")) != meaning(wanted):
            raise PlatformFailure(f"{target.describe()}: {name} was read back and is not as it was written")

    def _delete(self, component: str, before: Workflow) -> None:
        identity = self.live_id(component)
        self._compare(identity, before)
        try:
            self._send("DELETE", _path(identity), f"delete {before.get('name')!r}")
        except PlatformFailure as failure:
            if self.sent or before.get("active") is not True:
                raise
            # A key that may not delete may still stop it: what cannot be taken away at least no longer runs.
            self._send("POST", f"{_path(identity)}/deactivate", f"deactivate {before.get('name')!r}")
            raise PlatformFailure(f"{failure}; it was deactivated and remains") from None
        self.ids.pop(component, None)

    def _compare(self, identity: str, before: Workflow) -> None:
        if version(self.target.one(identity)) != version(before):
            raise Conflict(f"{self.target.describe()}: somebody saved {before.get('name')!r} just now")

    def _send(self, method: str, path: str, what: str, body: Workflow | None = None) -> Workflow:
        """Send one write; a plain refusal takes nothing back of what was sent for this workflow before."""
        earlier, self.sent = self.sent, True
        answer = self.target.sent(method, path, **({} if body is None else {"json": body}))
        if 400 <= answer.status < 500:
            self.sent = earlier
        return self.target.done(self.target.allowed(method, answer), what)


def _path(identity: str) -> str:
    return f"workflows/{quote(identity, safe='')}"


def _wanted(files: Sequence[ExportFile], carriers: Mapping[str, str] | None) -> dict[str, Workflow]:
    """Return component id → the workflow as its file has it."""
    found: dict[str, Workflow] = {}
    for file in files:
        parts = N8n().parse(file.data, file.name).components
        for part, workflow in zip(parts, workflows_of(parse_json(file.data).value), strict=True):
            if carriers is None or carriers.get(part.id) == file.name:
                found[part.id] = workflow
    return {identity: found[identity] for identity in sorted(found)}


def _message(answer: Answer) -> str:
    try:
        value = parse_json(answer.content).value
    except BadInput:
        value = None
    said = value.get("message") if isinstance(value, dict) else None
    return heard(said) if said else answer.words


def connect(root: Path, settings: Mapping[str, str]) -> N8nTarget:
    """Return the target at `url`; paths are relative to the workspace or absolute.

    Raises:
        BadInput: the settings make no target.
    """

    def path(name: str) -> Path | None:
        return root / settings[name] if name in settings else None

    key = secret("API key", variable=settings.get("api-key-env"), file=path("api-key-file"))
    if key is None:
        raise BadInput("an n8n is asked with an API key: --api-key-env VAR or --api-key-file FILE")
    return N8nTarget(
        url=settings["url"],
        api_key=key,
        trust=Trust(ca_file=path("ca"), fingerprint=settings.get("fingerprint")),
    )
