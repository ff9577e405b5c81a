"""Running a program of the user's: no shell, a time limit, a limit to what it says, and nothing left behind."""

from __future__ import annotations

import atexit
import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final

from store.errors import PlatformFailure

_PART: Final = 64 * 1024
_MOST_ERRORS: Final = 8192
_asking: Final[set[subprocess.Popen[bytes]]] = set()
"""Programs that change nothing and still run: nobody will hear their answer once this process has ended."""
_starts: Final = threading.Lock()
"""Held from before such a program runs until it is noted: the end of this process does not fall between."""
_ending: Final = threading.Event()


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """What a program said, and how it ended."""

    status: int
    output: bytes = field(repr=False)
    errors: bytes = field(repr=False)


def run(
    command: Sequence[str],
    given: bytes,
    *,
    folder: Path,
    environment: Mapping[str, str],
    seconds: float,
    most_output: int,
    asks: bool = False,
    holds: Sequence[int] = (),
) -> Said:
    """Run `command` in `folder` with `given` on its standard input; return what it said.

    When it takes too long or says too much, it and every program of its process group are killed. Of its standard
    error the beginning is kept, in whole lines. One that only `asks` is killed as well when this process ends before
    it; one that changes something is left to finish, and keeps the open files that it `holds` until then.

    Raises:
        PlatformFailure: it cannot be started, took too long, or said too much.
    """
    name = command[0]
    process = (_asked if asks else _started)(command, folder, environment, holds)
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    output = _Collected(process.stdout, most_output, enough=lambda: _kill(process))
    errors = _Collected(process.stderr, _MOST_ERRORS)
    feeder = threading.Thread(target=_feed, args=(process.stdin, given), daemon=True)
    for thread in (output, errors, feeder):
        thread.start()
    until = time.monotonic() + seconds
    late = False
    try:
        process.wait(seconds)
        for thread in (output, errors):  # a child that outlives it may hold the pipes open
            thread.join(max(0.0, until - time.monotonic()))
            late = late or thread.is_alive()
    except subprocess.TimeoutExpired:
        late = True
    finally:
        _asking.discard(process)
        _kill(process)
        process.wait()
        for thread in (output, errors, feeder):
            thread.join(1)
    if output.too_much:
        raise PlatformFailure(f"{name} said more than {most_output} bytes")
    if late:
        raise PlatformFailure(f"{name} did not end within {seconds:g} s")
    return Said(status=process.returncode, output=bytes(output.data), errors=_whole_lines(errors.data))


def kill_asking() -> None:
    """Kill the programs whose answer nobody waits for any more, and start none: this process ends."""
    _ending.set()
    with _starts:
        for process in tuple(_asking):
            _kill(process)


def _asked(
    command: Sequence[str], folder: Path, environment: Mapping[str, str], holds: Sequence[int]
) -> subprocess.Popen[bytes]:
    with _starts:
        if _ending.is_set():
            raise PlatformFailure(f"{command[0]} is not asked any more: this program ends")
        if not _asking:
            atexit.unregister(kill_asking)
            atexit.register(kill_asking)
        process = _started(command, folder, environment, holds)
        _asking.add(process)
        return process


def _started(
    command: Sequence[str], folder: Path, environment: Mapping[str, str], holds: Sequence[int]
) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            list(command),
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            pass_fds=tuple(holds),
        )
    except (OSError, ValueError) as error:
        said = error.strerror if isinstance(error, OSError) else str(error)
        raise PlatformFailure(f"{command[0]} cannot be started: {said}") from None


def _whole_lines(data: bytearray) -> bytes:
    """Return what was kept without a line that was cut off: half a secret is not known for one."""
    whole = data.rfind(b"\n") + 1 if len(data) >= _MOST_ERRORS else 0
    return bytes(data[:whole] if whole else data)


class _Collected(threading.Thread):
    """Reads a pipe to its end and keeps the first bytes; tells when there are more, if anybody wants to know."""

    def __init__(self, pipe: IO[bytes], most: int, enough: Callable[[], None] | None = None) -> None:
        super().__init__(daemon=True)
        self.data = bytearray()
        self.too_much = False
        self._pipe, self._most, self._enough = pipe, most, enough

    def run(self) -> None:
        with contextlib.suppress(OSError, ValueError), self._pipe:
            while part := os.read(self._pipe.fileno(), _PART):
                room = self._most - len(self.data)
                self.data += part[:room]
                if len(part) > room and self._enough is not None:
                    self.too_much = True
                    self._enough()
                    return


def _feed(pipe: IO[bytes], given: bytes) -> None:
    with contextlib.suppress(OSError, ValueError), pipe:
        pipe.write(given)


def _kill(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
