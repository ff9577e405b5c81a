"""A small n8n for failures at the edge of the network: its public API as measured on 1.123, and a hand on the plug."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any
from urllib.parse import parse_qs, urlsplit

KEY = "n8n_api_only_for_tests"
WRITTEN = {"name", "nodes", "connections", "settings"}
ALL_SCOPES = frozenset({"GET", "POST", "PUT", "DELETE"})


@dataclass
class FakeN8n:
    """What a test sees of it."""

    url: str = ""
    workflows: dict[str, dict[str, Any]] = field(default_factory=dict)
    log: list[tuple[str, str, Any]] = field(default_factory=list)
    """Every request: method, path below /api/v1/, body."""
    plug: Callable[[str, str], str | None] = lambda method, path: None
    """(method, path) → None, or `500`, `400`, `drop` (before it is done), `lost` (after), `hang`."""
    methods: frozenset[str] = ALL_SCOPES
    page: int = 100
    released: threading.Event = field(default_factory=threading.Event)
    """What `hang` waits for."""
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def writes(self) -> list[tuple[str, str]]:
        return [(method, path) for method, path, _ in self.log if method != "GET"]

    def saved(self, identity: str, **changes: Any) -> None:
        """Somebody saves a workflow in the editor."""
        self.workflows[identity].update(changes, versionId=f"v{next(self._numbers)}")

    def created(self, identity: str, name: str, code: str = "1", *, active: bool = False) -> None:
        """Somebody makes a workflow in the editor."""
        self.workflows[identity] = self._new(identity, workflow(name, code))
        self.workflows[identity]["active"] = active

    def _new(self, identity: str, body: dict[str, Any]) -> dict[str, Any]:
        settings = {"callerPolicy": "workflowsFromSameOwner", "availableInMCP": False, **body.get("settings", {})}
        stamp = "2026-01-01T00:00:00.000Z"
        return {
            "id": identity,
            **body,
            "settings": settings,
            "active": False,
            "isArchived": False,
            "versionId": f"v{next(self._numbers)}",
            "activeVersionId": None,
            "activeVersion": None,
            "createdAt": stamp,
            "updatedAt": stamp,
            "staticData": None,
            "meta": None,
            "tags": [],
            "shared": [{"role": "workflow:owner"}],
        }

    def answer(self, method: str, path: str, query: dict[str, list[str]], body: Any) -> tuple[int, Any]:
        with self._lock:
            steps = path.split("/")
            if steps == ["workflows"]:
                return self._list(query) if method == "GET" else self._create(body)
            found = self.workflows.get(steps[1])
            if found is None:
                return 404, {"message": "Not Found"}
            if len(steps) == 3:
                return self._switch(found, on=steps[2] == "activate")
            if method == "PUT":
                if refused := _refused(body):
                    return refused
                settings = {**found["settings"], **body["settings"]}
                found.update(body, settings=settings, versionId=f"v{next(self._numbers)}")
            if method == "DELETE":
                del self.workflows[steps[1]]
            return 200, found

    def _list(self, query: dict[str, list[str]]) -> tuple[int, Any]:
        limit = min(int(query.get("limit", ["100"])[0]), self.page)
        start = int(query.get("cursor", ["0"])[0])
        items = list(self.workflows.values())[start : start + limit]
        more = start + limit < len(self.workflows)
        return 200, {"data": items, "nextCursor": str(start + limit) if more else None}

    def _create(self, body: Any) -> tuple[int, Any]:
        if refused := _refused(body):
            return refused
        identity = f"made{next(self._numbers)}"
        self.workflows[identity] = self._new(identity, body)
        return 200, self.workflows[identity]

    def _switch(self, found: dict[str, Any], *, on: bool) -> tuple[int, Any]:
        if on and not any("Trigger" in node["type"] for node in found["nodes"]):
            return 400, {"message": f'Workflow "{found["name"]}" has no node to start the workflow'}
        found["active"] = on
        return 200, found


def _refused(body: Any) -> tuple[int, Any] | None:
    if extra := sorted(set(body) - WRITTEN):
        return 400, {"message": f"request/body/{extra[0]} is read-only"}
    if missing := sorted(WRITTEN - set(body)):
        return 400, {"message": f"request/body must have required property '{missing[0]}'"}
    return None


@contextlib.contextmanager
def running() -> Iterator[FakeN8n]:
    """Run one on a free port of 127.0.0.1."""
    fake = FakeN8n()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(fake))
    server.daemon_threads = True
    fake.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield fake
    finally:
        fake.released.set()
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(fake: FakeN8n) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *args: Any) -> None:
            pass

        def _serve(self) -> None:
            parts = urlsplit(self.path)
            path = parts.path.removeprefix("/api/v1/")
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            fake.log.append((self.command, path, body))
            fault = fake.plug(self.command, path)
            if fault == "hang":
                fake.released.wait(120)
            if fault in {"drop", "hang"}:
                self.close_connection = True
                return None
            if fault in {"400", "500"}:
                return self._send(int(fault), {"message": "out of order"})
            if self.headers.get("X-N8N-API-KEY") != KEY:
                return self._send(401, {"message": "unauthorized"})
            if self.command not in fake.methods:
                return self._send(403, {"message": "Forbidden"})
            status, value = fake.answer(self.command, path, parse_qs(parts.query), body)
            if fault == "lost":
                self.close_connection = True
                return None
            return self._send(status, value)

        def _send(self, status: int, value: Any) -> None:
            data = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            with contextlib.suppress(OSError):
                self.wfile.write(data)

    for method in ALL_SCOPES:
        setattr(Handler, f"do_{method}", Handler._serve)
    return Handler


def workflow(name: str, code: str, *, credential: str | None = None) -> dict[str, Any]:
    """Return what PUT takes: a trigger and a code node."""
    work: dict[str, Any] = {
        "id": f"code-{name}",
        "name": "Work",
        "type": "n8n-nodes-base.code",
        "typeVersion": 2,
        "position": [200, 0],
        "parameters": {"jsCode": code},
    }
    if credential is not None:
        work["credentials"] = {"httpBasicAuth": {"id": f"id-{credential}", "name": credential}}
    start = {
        "id": f"start-{name}",
        "name": "Start",
        "type": "n8n-nodes-base.scheduleTrigger",
        "typeVersion": 1.2,
        "position": [0, 0],
        "parameters": {"rule": {"interval": [{"field": "hours"}]}},
    }
    wires = {"Start": {"main": [[{"node": "Work", "type": "main", "index": 0}]]}}
    return {"name": name, "nodes": [start, work], "connections": wires, "settings": {"executionOrder": "v1"}}


def export(identity: str, name: str, code: str = "1", *, active: bool = False, credential: str | None = None) -> bytes:
    """Return what the editor downloads: with an id, noise and all."""
    whole = {
        "id": identity,
        **workflow(name, code, credential=credential),
        "active": active,
        "pinData": {},
        "meta": {"instanceId": "elsewhere", "templateCredsSetupCompleted": True},
        "tags": [{"id": "1", "name": "orders"}],
        "versionId": "of-another-place",
    }
    return json.dumps(whole, indent=2).encode()
