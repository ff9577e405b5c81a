"""The ways to a witness: HTTP, a program's standard input and output (ssh), a folder that both can see."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from store.config import WitnessConfig
from store.errors import BadInput, PlatformFailure, StorageFailure
from store.intake.guard import read_guarded
from store.integrity.witness_request import MAX_REQUEST
from store.ledger.heads import HeadStore
from store.reach.heard import heard, status_words
from store.services.witness.memory import name_of
from store.services.witness.witnessing import Answer

if TYPE_CHECKING:  # a tenth of a second to import, and most commands ask nobody
    import httpx

REQUEST_SUFFIX = ".add-checkpoint"
ANSWER_SUFFIX = ".answer"
_STATUSES = frozenset({200, 400, 403, 404, 409, 422})


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, and what it answers: by a folder that may be an earlier request."""

    answer: Answer
    request: bytes


def ask(witness: WitnessConfig, request: bytes, *, origin: str, root: Path) -> Reply | None:
    """Send one request and return the witness's reply; None when it will come later, or it is never asked.

    Raises:
        PlatformFailure: it could not be reached, or answered nonsense.
    """
    if witness.url is not None:
        return Reply(_over_http(witness.url, request, origin, witness.seconds), request)
    if witness.command:
        return Reply(_over_pipe(witness.command, request, witness.seconds), request)
    if witness.folder is not None:
        return _over_folder(root / Path(witness.folder).expanduser(), request, origin)
    return None


def frame(answer: Answer) -> bytes:
    """Return an answer as it travels outside HTTP: the status, the body, a blank line, the note kept instead."""
    kept = b"\n" + answer.kept if answer.kept is not None else b""
    return b"%d\n%b%b" % (answer.status, answer.body, kept)


def unframe(data: bytes) -> Answer:
    """Return the answer that `frame` wrote.

    Raises:
        PlatformFailure: it is none.
    """
    status, newline, rest = data.partition(b"\n")
    if len(data) > 2 * MAX_REQUEST or not newline or not status.isdigit() or int(status[:4]) not in _STATUSES:
        raise PlatformFailure(f"what came back is no answer of a witness: {heard(ascii(data[: 2 * MAX_REQUEST]))[:60]}")
    body, blank, kept = rest.partition(b"\n\n")
    return Answer(int(status), body + b"\n" if blank else rest, kept if blank else None)


def _over_http(url: str, request: bytes, origin: str, seconds: float) -> Answer:
    import httpx

    prefix = url.rstrip("/")
    try:
        with httpx.Client(timeout=seconds, follow_redirects=False) as client:
            status, body = _read(client, "POST", f"{prefix}/add-checkpoint", request)
            if status not in _STATUSES:
                raise PlatformFailure(f"{prefix} answered {status_words(status)}")
            kept = None
            if status in {409, 422}:
                found, note = _read(client, "GET", f"{prefix}/{name_of(origin)}/checkpoint", None)
                kept = note if found == 200 else None
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise PlatformFailure(f"{prefix} cannot be reached ({type(error).__name__}: {heard(error)})") from None
    return Answer(status, body, kept)


def _read(client: httpx.Client, method: str, url: str, content: bytes | None) -> tuple[int, bytes]:
    with client.stream(method, url, content=content) as response:
        body = b""
        for chunk in response.iter_bytes():
            body += chunk
            if len(body) > MAX_REQUEST:
                raise PlatformFailure(f"{url} answered with more than {MAX_REQUEST:,} bytes")
    return response.status_code, body


def _over_pipe(command: tuple[str, ...], request: bytes, seconds: float) -> Answer:
    try:
        done = subprocess.run(command, input=request, capture_output=True, timeout=seconds, check=False)
    except subprocess.TimeoutExpired:
        raise PlatformFailure(f"{command[0]} did not answer within {seconds:g} seconds") from None
    except (OSError, ValueError) as error:
        raise PlatformFailure(f"{command[0]} cannot be run ({error})") from error
    if not done.stdout:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines() or ["nothing"]
        raise PlatformFailure(f"{command[0]} ended with status {done.returncode} and said: {heard(said[-1])}")
    return unframe(done.stdout)


def _over_folder(folder: Path, request: bytes, origin: str) -> Reply | None:
    """Leave the request in the folder; return what lies there as the answer to an earlier one."""
    asked = folder / f"{name_of(origin)[:32]}{REQUEST_SUFFIX}"
    answered = asked.with_suffix(ANSWER_SUFFIX)
    try:
        if os.path.lexists(answered) and os.path.lexists(asked):
            reply = Reply(unframe(read_guarded(answered, limit=2 * MAX_REQUEST)), read_guarded(asked))
            answered.unlink()
            return reply
        if not folder.is_dir():
            raise PlatformFailure(f"{folder}: there is no such folder")
        HeadStore(asked).write(request)
    except BadInput as error:
        raise PlatformFailure(f"{answered}: {error}") from error
    except (OSError, StorageFailure) as error:
        raise PlatformFailure(f"{folder}: the folder to the witness cannot be used ({error})") from error
    return None
