"""A real n8n for tests: installed once outside the tree (1.8 GB, `make test-live`), started in a folder of its own."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from support.ports import free_port

VERSION = "1.123.0"
SCOPES = ("read", "list", "create", "update", "delete", "activate", "deactivate")
OWNER = {"email": "olive@example.com", "firstName": "Olive", "lastName": "Test", "password": "A-long-test-passw0rd"}
SETTINGS = {
    "N8N_EXPRESSION_ENGINE": "legacy",
    "N8N_RUNNERS_ENABLED": "false",
    "N8N_DIAGNOSTICS_ENABLED": "false",
    "N8N_VERSION_NOTIFICATIONS_ENABLED": "false",
    "N8N_TEMPLATES_ENABLED": "false",
    "N8N_SECURE_COOKIE": "false",
    "N8N_LISTEN_ADDRESS": "127.0.0.1",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Server:
    url: str
    key: str
    session: httpx.Client
    """Olive, logged in to the editor."""


def folder() -> Path:
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "quarterdeck" / f"n8n-{VERSION}"


def is_installed() -> bool:
    return (folder() / "installed").exists() and shutil.which("node") is not None


def install() -> None:
    """Install n8n into the cache: about 5 minutes. One dependency of its package lies outside the registry."""
    place = folder()
    place.mkdir(parents=True, exist_ok=True)
    package = {"name": "n8n-for-tests", "private": True, "dependencies": {"n8n": VERSION}}
    (place / "package.json").write_text(json.dumps(package | {"overrides": {"xlsx": "0.18.5"}}))
    for command in (
        ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund"],
        ["npm", "rebuild", "sqlite3", "--build-from-source"],
    ):
        subprocess.run(command, cwd=place, check=True)
    (place / "installed").touch()


def wanted() -> None:
    """Skip the test unless a real n8n is asked for; fail where it is asked for and missing."""
    if os.environ.get("QUARTERDECK_N8N") not in {"some", "all"}:
        pytest.skip("a real n8n is only started where QUARTERDECK_N8N is `some` or `all` (make test-live)")
    if not is_installed():
        pytest.fail(f"QUARTERDECK_N8N is set, but no n8n is installed in {folder()} (make test-live)")


@contextlib.contextmanager
def running(place: Path) -> Iterator[Server]:
    """Start an n8n on a free port of 127.0.0.1 with `place` as its folder, with an owner and an API key."""
    place.mkdir(parents=True, exist_ok=True)
    port = free_port()
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    environment = kept | SETTINGS | {"HOME": str(place), "N8N_USER_FOLDER": str(place), "N8N_PORT": str(port)}
    command = ["node", str(folder() / "node_modules/n8n/bin/n8n"), "start"]
    with (place / "output.log").open("wb") as output:
        process = subprocess.Popen(
            command, cwd=place, env=environment, stdout=output, stderr=output, start_new_session=True
        )
        try:
            with httpx.Client(
                base_url=f"http://127.0.0.1:{port}",
                trust_env=False,
                timeout=30,
                headers={"browser-id": "quarterdeck-tests"},
            ) as session:
                _wait(process, session, place / "output.log")
                yield Server(url=f"http://127.0.0.1:{port}", key=_key(session), session=session)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def _wait(process: subprocess.Popen[bytes], session: httpx.Client, log: Path) -> None:
    until = time.monotonic() + 120
    while time.monotonic() < until and process.poll() is None:
        with contextlib.suppress(httpx.HTTPError):
            answer = session.post("/rest/owner/setup", json=OWNER)  # ready is said before all routes are there
            if "json" in answer.headers.get("Content-Type", "") and answer.status_code != 404:
                answer.raise_for_status()
                return
        time.sleep(0.1)
    pytest.fail(f"n8n did not start:\n{log.read_text(errors='replace')[-2000:]}")


def _key(session: httpx.Client) -> str:
    login = {"emailOrLdapLoginId": OWNER["email"], "password": OWNER["password"]}
    session.post("/rest/login", json=login).raise_for_status()
    wanted_key = {"label": "tests", "expiresAt": None, "scopes": [f"workflow:{scope}" for scope in SCOPES]}
    answer = session.post("/rest/api-keys", json=wanted_key)
    answer.raise_for_status()
    return str(answer.json()["data"]["rawApiKey"])


if __name__ == "__main__":
    if not is_installed():
        install()
    sys.exit(0)
