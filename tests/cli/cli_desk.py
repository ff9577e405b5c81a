"""A desk to try the command line at: an empty folder, people's keys, and the installed `quarterdeck` command."""

from __future__ import annotations

import base64
import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

COMMAND = Path(sys.executable).with_name("quarterdeck")
MANY = Path(__file__).with_name("cli_many.py")
HISTORIES = Path(__file__).resolve().parents[3] / "shared" / "data" / "histories"
STATEMENT = ("--success", "it arrives", "--risk", "low", "--rollback-plan", "the release before")


@dataclass(frozen=True)
class Ran:
    """How a command ended."""

    status: int
    out: bytes
    err: bytes

    @property
    def text(self) -> str:
        return self.out.decode()

    @property
    def complaint(self) -> str:
        return self.err.decode("utf-8", "replace")

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class Forks:
    """The process that runs commands in forked children, started when the first is asked for (cli_many.py)."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def ask(self, question: dict[str, Any]) -> list[Ran]:
        if self._process is None:
            pipe = subprocess.PIPE
            env = {**os.environ, "LANG": "C.UTF-8"}
            self._process = subprocess.Popen([sys.executable, MANY], stdin=pipe, stdout=pipe, env=env)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(question).encode() + b"\n")
        self._process.stdin.flush()
        found = json.loads(self._process.stdout.readline())
        return [Ran(one["status"], base64.b64decode(one["out"]), base64.b64decode(one["err"])) for one in found]

    def end(self) -> None:
        if self._process is not None:
            self._process.communicate()
            self._process = None


FORKS = Forks()


@dataclass
class Desk:
    """An empty folder in which commands are run, as by somebody who begins."""

    root: Path
    env: dict[str, str] = field(default_factory=dict)
    requests: int = 0
    """How many change requests were opened here."""
    prefix: tuple[str, ...] = ()
    """What the command is run by: setpriv, for one. With it, or when `real`, each command is a process of its own."""
    real: bool = False
    later: timedelta = timedelta()
    """How far the commands' clock is ahead of the machine's; only where they are no processes of their own."""

    @property
    def ws(self) -> Path:
        return self.root / "ws"

    @property
    def size(self) -> int:
        """How many entries the ledger holds."""
        return int(self.json("log", "--limit", "1")[0]["seq"])

    def environment(self, **more: str) -> dict[str, str]:
        kept = ("PATH", "PYTHONPATH", "COVERAGE_PROCESS_START")
        base = {name: os.environ[name] for name in kept if name in os.environ}
        home = {"HOME": str(self.root / "home"), "XDG_STATE_HOME": str(self.root / "state")}
        return (
            base | home | {"LANG": "C.UTF-8", "TERM": "dumb", "QUARTERDECK_WORKSPACE": str(self.ws)} | self.env | more
        )

    def run(self, *args: str | Path, key: str | None = None, status: int | None = None, **env: str) -> Ran:
        """Run a command; whatever happens, nobody is shown a traceback."""
        named = ("--key", str(self.root / key)) if key else ()
        assert not (self.later and (self.real or self.prefix)), "a process of its own has the machine's clock"
        words = [*named, *map(str, args)]
        ran = self._process(words, env) if self.real or self.prefix else self.runs([words], **env)[0]
        assert b"Traceback" not in ran.err, ran.complaint
        assert status is None or ran.status == status, f"{args}: {ran.status}\n{ran.text[-2000:]}\n{ran.complaint}"
        return ran

    def _process(self, words: Sequence[str], env: dict[str, str]) -> Ran:
        done = subprocess.run(
            [*self.prefix, COMMAND, *words],
            cwd=self.root,
            env=self.environment(**env),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=120,
            check=False,
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    def json(self, *args: str | Path, key: str | None = None, status: int = 0) -> Any:
        """Run the command with --json: one document on standard output and nothing else."""
        return self.run(*args, "--json", key=key, status=status).json

    def runs(self, commands: Iterable[Sequence[str]], *, pty: bool = False, **env: str) -> list[Ran]:
        """Run many commands, each in a child of one process that has imported everything already."""
        args = [[base64.b64encode(os.fsencode(a)).decode() for a in command] for command in commands]
        asked = {"runs": args, "pty": pty, "cwd": str(self.root), "env": self.environment(**env)}
        asked["later"] = self.later.total_seconds()
        return FORKS.ask(asked)

    @contextmanager
    def watching(self, *options: str) -> Iterator[subprocess.Popen[bytes]]:
        """Run `watch` until the block ends; whoever has not stopped by then is killed."""
        with (self.root / "watch.out").open("wb") as out, (self.root / "watch.err").open("wb") as err:
            command = [COMMAND, "watch", *options]
            child = subprocess.Popen(command, cwd=self.root, env=self.environment(), stdout=out, stderr=err)
        try:
            eventually(lambda: b"watching" in (self.root / "watch.err").read_bytes())
            yield child
        finally:
            if child.poll() is None:
                child.kill()
            child.wait()

    def stop(self, child: subprocess.Popen[bytes], number: signal.Signals = signal.SIGTERM) -> None:
        """Stop a watcher politely."""
        child.send_signal(number)
        assert child.wait(timeout=60) == 0, (self.root / "watch.err").read_text()
        assert (self.root / "watch.err").read_text().count("\n") == 1, "nothing but the greeting"

    def new_key(self, name: str, *, passphrase: str = "", kind: str = "ed25519") -> Path:
        path = self.root / name
        subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", passphrase, "-f", path], check=True)
        return path

    def begin(self) -> Desk:
        """Make the workspace of the walk: alice its admin, bo approver and operator, one folder environment."""
        for name in ("alice", "bo"):
            self.new_key(name)
        self.run("init", "ws", "--name", "alice", key="alice", status=0)
        roles = ("--role", "approver", "--role", "operator")
        self.run("principal", "add", "bo", "--public-key", "bo.pub", *roles, key="alice", status=0)
        place = ("--target", "folder", "--deliver", "out/prod", "--observe", "observed/prod")
        self.run("environment", "add", "prod", *place, key="alice", status=0)
        return self

    def drop(self, data: bytes, name: str = "flows.json", *, project: str = "orders", root: str = "inbox") -> Path:
        """Put a finished file into a drop folder by renaming it into place."""
        path = self.ws / root / "prod" / project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.tmp")
        temporary.write_bytes(data)
        old = time.time() - 60
        os.utime(temporary, (old, old))
        temporary.replace(path)
        return path

    def delivered(self, name: str = "flows.json", *, project: str = "orders") -> bytes:
        return (self.ws / "out" / "prod" / project / name).read_bytes()

    def release(self, data: bytes, title: str, *, name: str = "flows.json", project: str = "orders") -> str:
        """Take one export from the inbox to production; return its request."""
        self.requests += 1
        request = f"CR-{self.requests:04d}"
        self.drop(data, name, project=project)
        opened = ("request", "open", "--project", project, "--env", "prod", "--title", title, "--why", "needed")
        alice, bo = ("--key", "alice"), ("--key", "bo")
        steps = self.runs(
            [
                (*alice, "watch", "--once", "--json"),
                (*alice, *opened, *STATEMENT, "--json"),
                (*alice, "request", "submit", request),
                (*bo, "approve", request, "--note", "read it"),
                (*bo, "deploy", request),
            ]
        )
        assert [step.status for step in steps] == [0] * 5, [step.complaint for step in steps]
        assert steps[0].json["ingested"] == 1
        assert steps[1].json["id"] == request
        assert self.delivered(name, project=project) == data
        return request

    def copy_to(self, root: Path) -> Desk:
        """Return the same desk in another place; what the state folder knows by path is new there."""
        shutil.copytree(self.root, root, symlinks=True, dirs_exist_ok=True)
        return Desk(root, dict(self.env), self.requests)


def eventually(seen: Callable[[], bool], *, seconds: float = 60) -> None:
    """Wait until `seen()`; fail when it never is."""
    deadline = time.monotonic() + seconds
    while not seen():
        assert time.monotonic() < deadline, "it never came to be"
        time.sleep(0.02)


def history(name: str, path_of: Callable[[dict[str, Any]], bool]) -> list[bytes]:
    """Return the successive versions of one file out of a history archive, oldest first."""
    archive = HISTORIES / f"{name}.tar.xz"
    if not archive.is_file():
        pytest.skip(f"the real history ../shared/data/histories/{name}.tar.xz is not here")
    with tarfile.open(archive) as packed:
        index = next(m for m in packed.getmembers() if m.name.endswith("history.jsonl"))
        lines = packed.extractfile(index)
        assert lines is not None
        commits = [json.loads(line) for line in lines.read().splitlines() if line.strip()]
        digests = [file["sha256"] for commit in commits for file in commit["files"] if path_of(file)]
        folder = index.name.removesuffix("history.jsonl")
        versions = []
        for digest in dict.fromkeys(d for d in digests if d):
            blob = packed.extractfile(f"{folder}blobs/{digest}")
            assert blob is not None
            versions.append(blob.read())
    return versions
