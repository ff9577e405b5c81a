"""A target that is a running Node-RED, over its Admin API (version 2). One Node-RED carries one project."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from store.domain.component import Connector, ExportFile, Json
from store.domain.snapshot import Pushed, Snapshot
from store.errors import BadInput, Conflict, PlatformFailure
from store.integrity.plain_json import dumps
from store.integrity.strict_json import parse as parse_json
from store.reach.http import Answer, Service, Trust
from store.reach.secret import Secret, secret

FILE: Final = "flows.json"
_EARLY: Final = 30.0
"""Seconds before its end at which a token is renewed."""


@dataclass(slots=True)
class _Token:
    """The token in hand: asked for once, used until it ends or is refused."""

    value: str = ""
    until: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class NodeRedTarget:
    """Reads and replaces the flows of one Node-RED, always saying which revision is replaced.

    Who asks is nobody, a user with a password, or the holder of a static token. Password and static token are read
    at each use and kept nowhere; the token that a password was exchanged for lives as long as this object.
    """

    url: str
    user: str | None = None
    password: Secret | None = None
    token: Secret | None = None
    timeout: float = 10.0
    """Seconds for a whole request."""
    trust: Trust = field(default_factory=Trust)
    kind: str = "node-red"
    live: bool = True
    whole: bool = True
    _service: Service = field(init=False, repr=False, compare=False)
    _granted: _Token = field(default_factory=_Token, repr=False, compare=False)

    def __post_init__(self) -> None:
        headers = {"Node-RED-API-Version": "v2"}
        service = Service(url=self.url, name="Node-RED", trust=self.trust, seconds=self.timeout, headers=headers)
        object.__setattr__(self, "_service", service)
        if (self.user is None) != (self.password is None):
            raise BadInput(
                "a Node-RED with authentication needs both a user and a password variable or file"
                " (--user and --password-env or --password-file)"
            )
        if self.user is not None and self.token is not None:
            raise BadInput("a Node-RED is asked with a user and a password or with a token, not with both")

    def describe(self) -> str:
        """Return the place in words."""
        return self._service.describe()

    def fetch(self, _project: str) -> Snapshot:  # one Node-RED carries one project
        """Return the flows as one file `flows.json`, with the bytes Node-RED itself writes to disk.

        Raises:
            PlatformFailure: not reachable, not authorised, or no Node-RED.
        """
        answer = self._service.object(self._ask("GET", "flows"))
        flows, revision = answer.get("flows"), answer.get("rev")
        if not isinstance(flows, list) or not isinstance(revision, str):
            raise PlatformFailure(f"{self.describe()}: the answer holds no flows and revision")
        return Snapshot(files=(ExportFile(name=FILE, data=_as_on_disk(flows)),), revision=revision)

    def push(
        self,
        _project: str,
        files: Sequence[ExportFile],
        *,
        expected: str,
        remove: Sequence[str] = (),
        gone: Sequence[str] = (),  # noqa: ARG002  what is not in the file goes
        carriers: Mapping[str, str] | None = None,  # noqa: ARG002
    ) -> Pushed:
        """Deploy one file of flows in full and return the new revision; no file but some to remove: no flows.

        Raises:
            BadInput: more than one file, or no Node-RED flows.
            Conflict: somebody deployed since `expected`; nothing was changed.
            PlatformFailure: not reachable, not authorised, refused, or no Node-RED.
        """
        if not expected:  # Node-RED takes an empty revision for "whatever is there"
            raise BadInput("flows are only deployed over the revision they were compared with")
        body = dumps({"rev": expected, "flows": _flows(files, remove)})
        headers = {"Content-Type": "application/json", "Node-RED-Deployment-Type": "full"}
        answer = self._ask("POST", "flows", content=body, headers=headers)
        if answer.status == HTTPStatus.CONFLICT:
            raise Conflict(f"{self.describe()}: somebody else deployed since the flows were compared")
        revision = self._service.object(answer).get("rev")
        if not isinstance(revision, str):
            raise PlatformFailure(f"{self.describe()}: the answer to the deployment holds no revision")
        return Pushed(revision=revision)

    def modules(self) -> tuple[Connector, ...]:
        """Return the installed modules that bring nodes, with their versions, Node-RED's own included.

        Raises:
            PlatformFailure: not reachable, not authorised, or no Node-RED.
        """
        answer = self._service.json(self._ask("GET", "nodes"))
        sets = answer if isinstance(answer, list) else []
        found = {
            (str(item["module"]), str(item["version"]) if item.get("version") else None)
            for item in sets
            if isinstance(item, dict) and item.get("module")
        }
        ordered = sorted(found, key=lambda pair: (pair[0], pair[1] or ""))
        return tuple(Connector(kind="module", name=name, version=version) for name, version in ordered)

    def without_credentials(self, parts: Mapping[str, str]) -> frozenset[str]:
        """Return which of these nodes (`type/id`) have no credentials in this Node-RED.

        Raises:
            PlatformFailure: not reachable, not authorised, or no Node-RED.
        """
        bare: set[str] = set()
        for key in parts:
            kind, _, identity = key.rpartition("/")
            path = f"credentials/{quote(kind, safe='')}/{quote(identity, safe='')}"
            known = self._service.object(self._ask("GET", path))
            if not any(known.values()):
                bare.add(key)
        return frozenset(bare)

    def _ask(self, method: str, path: str, **more: Any) -> Answer:
        """Send one request with whatever authorises it; a token that is refused is renewed once.

        Raises:
            PlatformFailure: no answer, or one that says who asks may not.
        """
        for again in (False, True):
            headers = {**more.pop("headers", {}), **self._authorization(renew=again)}
            answer = self._service.ask(method, path, headers=headers, **more)
            more["headers"] = headers
            if answer.status != HTTPStatus.UNAUTHORIZED or self.user is None:
                break
        if answer.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            verb = "deploy" if method == "POST" else "read"
            if self.user or self.token:
                raise PlatformFailure(f"{self.describe()} does not let {self.user or 'this token'} {verb}")
            raise PlatformFailure(f"{self.describe()} asks for a user and a password, or a token")
        return answer

    def _authorization(self, *, renew: bool) -> dict[str, str]:
        if self.token is not None:
            return {"Authorization": f"Bearer {self.token.read()}"}
        if self.user is None:
            return {}
        if renew or time.monotonic() > self._granted.until:
            self._log_in()
        return {"Authorization": f"Bearer {self._granted.value}"}

    def _log_in(self) -> None:
        """Exchange the password for a bearer token (password grant).

        Raises:
            PlatformFailure: no password where it should be, or a wrong one.
        """
        assert self.password is not None
        try:
            password = self.password.read()
        except PlatformFailure as failure:
            raise PlatformFailure(f"{self.describe()}: {failure}") from None
        form = {
            "client_id": "node-red-admin",
            "grant_type": "password",
            "scope": "",  # all that the user may; "*" would be refused to one who may only read
            "username": self.user or "",
            "password": password,
        }
        answer = self._service.ask("POST", "auth/token", data=form)
        if answer.status in {400, 401, 403}:
            raise PlatformFailure(f"{self.describe()} does not know the user {self.user} with this password")
        grant = self._service.object(answer)
        value, seconds = grant.get("access_token"), grant.get("expires_in")
        if not isinstance(value, str) or not value.isascii() or not value.isprintable():
            raise PlatformFailure(f"{self.describe()}: the answer holds no token")
        lasts = float(seconds) if isinstance(seconds, (int, float)) else 0.0
        self._granted.value, self._granted.until = value, time.monotonic() + lasts - _EARLY


def _flows(files: Sequence[ExportFile], remove: Sequence[str]) -> list[Json]:
    if not files and remove:
        return []
    if len(files) != 1:
        raise BadInput(f"one Node-RED carries one file of flows, not {len(files)}")
    flows = parse_json(files[0].data).value
    if isinstance(flows, dict) and set(flows) <= {"flows", "rev"}:
        flows = flows.get("flows")
    if not isinstance(flows, list) or not all(isinstance(node, dict) for node in flows):
        raise BadInput(f"{files[0].name} holds no Node-RED flows")
    return flows


def _as_on_disk(flows: list[Json]) -> bytes:
    """Return the bytes of `flows.json` as Node-RED writes it: four spaces, keys in their order, no last newline."""
    return json.dumps(flows, indent=4, ensure_ascii=False).encode()


def connect(root: Path, settings: Mapping[str, str]) -> NodeRedTarget:
    """Return the target at `url`; paths are relative to the workspace or absolute.

    Raises:
        BadInput: the settings make no target.
    """

    def path(name: str) -> Path | None:
        return root / settings[name] if name in settings else None

    return NodeRedTarget(
        url=settings["url"],
        user=settings.get("user"),
        password=secret("password", variable=settings.get("password-env"), file=path("password-file")),
        token=secret("token", variable=settings.get("token-env"), file=path("token-file")),
        trust=Trust(ca_file=path("ca"), fingerprint=settings.get("fingerprint")),
    )
