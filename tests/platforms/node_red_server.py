"""A real Node-RED for tests: installed once per lock file outside the tree, started in a folder of its own."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import httpx
import pytest
from support.ports import free_port

LOCK = Path(__file__).parent / "node_red" / "package-lock.json"
USER, PASSWORD, TOKEN = "olive", "a long test password", "a-static-token-for-tests"


@dataclass(frozen=True, kw_only=True, slots=True)
class Server:
    url: str
    folder: Path
    process: subprocess.Popen[bytes]

    @property
    def flow_file(self) -> Path:
        return self.folder / "flows.json"


def required() -> bool:
    return os.environ.get("QUARTERDECK_REQUIRE_NODE_RED") == "1"


def installation() -> Path:
    """Return the folder with the locked Node-RED; skip the test where it cannot be had (fail where required)."""
    missing = [tool for tool in ("node", "npm") if shutil.which(tool) is None]
    if missing:
        _give_up(f"Node.js is missing ({', '.join(missing)})")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "quarterdeck"
    folder = cache / f"node-red-{sha256(LOCK.read_bytes()).hexdigest()[:16]}"
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "node-red.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # workers of pytest-xdist install once
        if not (folder / "installed").exists():
            _install(folder)
    return folder


def _install(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name in ("package.json", "package-lock.json"):
        shutil.copy(LOCK.with_name(name), folder / name)
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=600, check=False)
    if done.returncode:
        _give_up(f"npm ci of Node-RED failed: {done.stderr.strip()[-400:]}")
    (folder / "installed").touch()


def _give_up(reason: str) -> None:
    if required():
        pytest.fail(f"QUARTERDECK_REQUIRE_NODE_RED=1, but {reason}")
    pytest.skip(reason)


@contextlib.contextmanager
def running(folder: Path, *, with_password: bool = False, flows: list[object] | None = None) -> Iterator[Server]:
    """Start a Node-RED on a free port of 127.0.0.1 with `folder` as its user directory; stop it at the end."""
    installed = installation()
    folder.mkdir(parents=True, exist_ok=True)
    if flows is not None:
        (folder / "flows.json").write_text(json.dumps(flows, indent=4))
    port = free_port()
    settings = folder / "settings.js"
    settings.write_text(_settings(installed, port, with_password=with_password))
    command = ["node", str(installed / "node_modules/node-red/red.js"), "-u", str(folder), "-s", str(settings)]
    environment = {key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ}
    with (folder / "output.log").open("wb") as output:
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=output, stderr=output, start_new_session=True
        )
        try:
            url = f"http://127.0.0.1:{port}"
            _wait(process, url, folder / "output.log")
            yield Server(url=url, folder=folder, process=process)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _settings(installed: Path, port: int, *, with_password: bool) -> str:
    settings: dict[str, object] = {
        "uiHost": "127.0.0.1",
        "uiPort": port,
        "flowFile": "flows.json",
        "flowFilePretty": True,
        "credentialSecret": "only for tests",
        "telemetry": {"enabled": False, "updateNotification": False},
        "editorTheme": {"tours": False},
        "externalModules": {"palette": {"allowInstall": False}, "modules": {"allowInstall": False}},
        "diagnostics": {"enabled": False},
        "runtimeState": {"enabled": False},
        "logging": {"console": {"level": "info", "metrics": False, "audit": False}},
    }
    if with_password:
        script = "console.log(require('bcryptjs').hashSync(process.argv[1], 4))"
        answer = subprocess.run(
            ["node", "-e", script, PASSWORD], cwd=installed, capture_output=True, text=True, check=True, timeout=60
        )
        users = [{"username": USER, "password": answer.stdout.strip(), "permissions": "*"}]
        users.append({"username": "reader", "password": answer.stdout.strip(), "permissions": "read"})
        settings["adminAuth"] = {"type": "credentials", "users": users}
    text = f"module.exports = {json.dumps(settings, indent=2)};\n"
    if with_password:  # a token that somebody configured, besides those that a password is exchanged for
        user = json.dumps({"username": "robot", "permissions": "*"})
        known = f"token === {json.dumps(TOKEN)} ? {user} : null"
        text += f"module.exports.adminAuth.tokens = (token) => Promise.resolve({known});\n"
    return text


def _wait(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    until = time.monotonic() + 120
    with httpx.Client(trust_env=False, timeout=10) as client:
        while time.monotonic() < until:
            if process.poll() is not None:
                break
            with contextlib.suppress(httpx.HTTPError):
                answer = client.get(f"{url}/auth/login")
                if answer.status_code == 200 and b"Started flows" in log.read_bytes():
                    return
            time.sleep(0.05)
    pytest.fail(f"Node-RED did not start:\n{log.read_text(errors='replace')[-2000:]}")
