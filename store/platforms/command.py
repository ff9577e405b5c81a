"""A target that is two programs of the user's own: the way to a platform without an adapter (docs/command-target.md).

They get JSON on standard input and answer JSON on standard output. No shell is involved, they see only the
environment variables that the environment names, and they have a limit of time and of words.
"""

from __future__ import annotations

import base64
import binascii
import os
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import orjson

from store.domain.component import ExportFile, Json
from store.domain.snapshot import Pushed, Snapshot
from store.errors import BadInput, Conflict, PlatformFailure
from store.integrity.strict_json import parse as parse_json
from store.reach.heard import heard, tells
from store.reach.program import run

CONTRACT: Final = 1
_MOST_OUTPUT: Final = 96 * 1024 * 1024
"""64 MiB of exports in Base64, and some."""
_ALWAYS_PASSED: Final = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ")
_LONGEST: Final = 600.0


@dataclass(frozen=True, kw_only=True, slots=True)
class CommandTarget:
    """Asks one program what is there, and has another one change it."""

    root: Path
    """The workspace's folder: where both run."""
    fetch_command: tuple[str, ...]
    push_command: tuple[str, ...]
    seconds: float = 60.0
    passed: tuple[str, ...] = ()
    """Names of the environment variables they see, besides the usual ones."""
    holds: tuple[int, ...] = ()
    """Handles that the push program keeps open until it ends, whatever becomes of this process."""
    kind: str = "command"
    live: bool = True
    whole: bool = True

    def describe(self) -> str:
        """Return the place in words."""
        return f"the command {self.push_command[0]}"

    def holding(self, lock: int) -> CommandTarget:
        """Return the same target, whose push program holds the handle `lock` as long as it runs."""
        return replace(self, holds=(lock,))

    def fetch(self, project: str) -> Snapshot:
        """Return what the fetch program says is there.

        Raises:
            PlatformFailure: it failed, took too long, or answered nonsense.
        """
        answer = self._ask(self.fetch_command, {"contract": CONTRACT, "act": "fetch", "project": project}, asks=True)
        files = answer.get("files")
        if not isinstance(files, list):
            raise PlatformFailure(f"{self.fetch_command[0]}: the answer holds no list of files")
        found = [self._file(item) for item in files]
        if len({file.name for file in found}) != len(found):
            raise PlatformFailure(f"{self.fetch_command[0]}: two files of the answer have one name")
        ordered = tuple(sorted(found, key=lambda file: file.name))
        return Snapshot(files=ordered, revision=self._revision(self.fetch_command, answer))

    def push(
        self,
        project: str,
        files: Sequence[ExportFile],
        *,
        expected: str,
        remove: Sequence[str] = (),
        gone: Sequence[str] = (),
        carriers: Mapping[str, str] | None = None,  # noqa: ARG002  the files are handed over whole
    ) -> Pushed:
        """Have the push program make `files` what is there.

        Raises:
            Conflict: it says that what is there is not `expected` any more.
            PlatformFailure: it failed, took too long, or answered nonsense.
        """
        given: dict[str, Json] = {
            "contract": CONTRACT,
            "act": "push",
            "project": project,
            "expected": expected,
            "files": [
                {"name": file.name, "sha256": file.digest, "base64": base64.b64encode(file.data).decode()}
                for file in files
            ],
            "remove": list(remove),
            "gone": list(gone),
        }
        answer = self._ask(self.push_command, given)
        conflict = answer.get("conflict")
        if conflict:
            raise Conflict(f"{self.push_command[0]}: {self._heard(conflict)}")
        return Pushed(revision=self._revision(self.push_command, answer))

    def _ask(self, command: tuple[str, ...], given: Mapping[str, Json], *, asks: bool = False) -> dict[str, Json]:
        said = run(
            command,
            orjson.dumps(given),
            folder=self.root,
            environment={name: os.environ[name] for name in (*_ALWAYS_PASSED, *self.passed) if name in os.environ},
            seconds=self.seconds,
            most_output=_MOST_OUTPUT,
            asks=asks,
            holds=() if asks else self.holds,
        )
        if said.status != 0:
            errors = said.errors.decode("utf-8", errors="replace").strip().splitlines()
            last = self._heard(errors[-1]) if errors else "no message"
            how = f"exit status {said.status}" if said.status > 0 else f"signal {-said.status}"
            raise PlatformFailure(f"{command[0]} failed ({how}): {last}")
        try:
            value = parse_json(said.output).value
        except BadInput as error:
            raise PlatformFailure(f"{command[0]} answered no JSON: {self._heard(error)}") from None
        if not isinstance(value, dict):
            raise PlatformFailure(f"{command[0]} answered something else than a JSON object")
        return value

    def _file(self, item: Json) -> ExportFile:
        """Return one file of an answer: its bytes as `base64`, or as `text` where they are UTF-8."""
        name = item.get("name") if isinstance(item, dict) else None
        if not isinstance(item, dict) or not isinstance(name, str) or not _plain(name):
            raise PlatformFailure(f"{self.fetch_command[0]}: a file of the answer has no plain relative name")
        text, coded = item.get("text"), item.get("base64")
        try:
            if isinstance(text, str) and coded is None:
                return ExportFile(name=name, data=text.encode())
            if isinstance(coded, str) and text is None:
                return ExportFile(name=name, data=base64.b64decode(coded, validate=True))
        except (binascii.Error, ValueError):
            pass
        raise PlatformFailure(f"{self.fetch_command[0]}: {self._heard(name)[:80]!r} holds neither `text` nor `base64`")

    def _revision(self, command: tuple[str, ...], answer: Mapping[str, Json]) -> str:
        revision = answer.get("revision")
        if not isinstance(revision, str) or not 0 < len(revision) <= 200 or not revision.isprintable():
            raise PlatformFailure(f"{command[0]}: the answer holds no revision (1 to 200 printable characters)")
        if tells(revision, self._handed()):  # it is recorded, and compared as it is
            raise PlatformFailure(f"{command[0]}: the revision holds the value of a variable that it was handed")
        return revision

    def _heard(self, said: object) -> str:
        """Return what a program said without the values that it was handed."""
        return heard(said, handed=self._handed())

    def _handed(self) -> list[str]:
        return [os.environ[name] for name in self.passed if name in os.environ]


def _plain(name: str) -> bool:
    steps = name.split("/")
    return len(name) <= 500 and name.isprintable() and all(step and not step.startswith(".") for step in steps)


def _words(root: Path, name: str, text: str) -> tuple[str, ...]:
    """Return a command line as words, split as a shell would, but for everything that makes it a program."""
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise BadInput(f"--{name}: {error}") from None
    if not words or not text.isprintable():
        raise BadInput(f"--{name} names no program")
    program = str(root / words[0]) if "/" in words[0] else words[0]
    return (program, *words[1:])


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= _LONGEST:
        raise BadInput(f"--timeout {text!r}: give seconds, more than 0 and at most {_LONGEST:g}")
    return seconds


def connect(root: Path, settings: Mapping[str, str]) -> CommandTarget:
    """Return the target; a program with a slash in its name is relative to the workspace or absolute.

    Raises:
        BadInput: the settings make no target.
    """
    passed = tuple(name for name in settings.get("pass-env", "").replace(",", " ").split() if name)
    ours = [name for name in passed if name.startswith("QUARTERDECK_")]
    if ours:
        raise BadInput(f"--pass-env: {', '.join(ours)} is quarterdeck's own and not passed on")
    return CommandTarget(
        root=root,
        fetch_command=_words(root, "fetch", settings["fetch"]),
        push_command=_words(root, "push", settings["push"]),
        seconds=_seconds(settings.get("timeout", "60")),
        passed=passed,
    )
