"""`*.request.toml` beside an export: a dropped file opens a draft, in the name of whoever's key watches the folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from hashlib import sha256
from typing import TYPE_CHECKING, Final, TypeGuard

from store.domain import events as ev
from store.domain.component import Json
from store.domain.rationale import ODD
from store.domain.secrets import redact
from store.domain.templates import LONGEST, begun, named
from store.errors import BadInput, Conflict, Refusal, Unstated
from store.formats import safe_toml
from store.intake.guard import StillWriting
from store.intake.inbox import Drop, Problem, read_drop
from store.services import releases
from store.services.acting import perform
from store.services.attempts import attempt
from store.services.context import Actor, Context, Source, recorded
from store.services.delivery.environments import checked_name, one
from store.services.exports.ingesting import FileOutcome, refuse, shown
from store.services.requests.requests import opening

if TYPE_CHECKING:  # the rules' own types are slow to import
    from store.domain.policy import Policy

ENDING: Final = ".request.toml"
MAX_BYTES: Final = 64 * 1024
_KEYS: Final = tuple(field.name for field in fields(ev.RequestContent))


def is_request(item: Drop | Problem) -> TypeGuard[Drop]:
    """Say whether this is the file of a request, not an export."""
    return isinstance(item, Drop) and item.kind == "inbox" and item.name.endswith(ENDING)


def take(context: Context, actor: Actor | None, drop: Drop) -> FileOutcome:
    """Open a draft for the newest exports of the folder's project, as the file states; the same file opens one once.

    A file that is no request goes to quarantine with the reason. One that cannot be opened now (nobody's key is
    here, they may not, nothing was exported yet) is refused with the reasons and left where it is.
    """
    path = shown(context, drop.path)
    try:
        data = read_drop(drop)
        content = read(data, context.policy, drop.environment)
    except StillWriting as waiting:
        return FileOutcome(path=path, outcome="waiting", reason=str(waiting))
    except BadInput as error:
        return refuse(context, drop, str(error))
    file = ev.RequestFile(name=drop.name, digest=sha256(redact(data.decode()).encode()).hexdigest())
    try:
        request = _opened(context.ledger, drop, file) or _open(context, actor, drop, content, file)
    except Refusal as refusal:
        reason = " → ".join(filter(None, ("; ".join(refusal.reasons), "; ".join(refusal.would_unblock))))
        return FileOutcome(path=path, outcome="refused", reason=reason)
    except Unstated as error:
        reason = f"it does not state what it must: {', '.join(error.missing)}"
        return FileOutcome(path=path, outcome="refused", reason=reason)
    except (BadInput, Conflict) as error:
        return FileOutcome(path=path, outcome="refused", reason=str(error))
    if isinstance(request, _Old):
        return FileOutcome(path=path, outcome="unchanged", reason=f"it opened {request}", digest=file.digest)
    return FileOutcome(path=path, outcome="opened", reason=request, digest=file.digest)


class _Old(str):
    """The id of a request that this file opened before."""

    __slots__ = ()


def read(data: bytes, policy: Policy, environment: str) -> ev.RequestContent:
    """Return what a request file states, with its template's own words where it says nothing.

    Raises:
        BadInput: it is no TOML, or says something else than a request may; every fault is named.
    """
    if len(data) > MAX_BYTES:
        raise BadInput(f"a request file of {len(data)} bytes; {MAX_BYTES} are the most")
    found = safe_toml.read(data)
    assert isinstance(found, dict)
    faults = [fault for key, value in found.items() if (fault := _fault(key, value))]
    if faults:
        raise BadInput("; ".join(faults[:20]))
    stated = {key: str(value) for key, value in found.items()}
    content = ev.RequestContent(**({"title": "", "why": ""} | stated))
    return begun(content, named(content.template, environment, policy)) if content.template else content


def _fault(key: str, value: Json) -> str | None:
    if key not in _KEYS:
        return f"{key[:60]!a} is nothing a request states: use {', '.join(_KEYS)}"
    if not isinstance(value, str):
        return f"{key} is no text"
    if len(value) > LONGEST:
        return f"{key} has {len(value)} characters; {LONGEST} are the most"
    if ODD.search(value):
        return f"{key} holds a control character or one that turns the direction of reading"
    return None


def _opened(source: Source, drop: Drop, file: ev.RequestFile) -> _Old | None:
    """Return the request that this very file opened here before."""
    entries = source.entries(kinds=["request.opened"], on={"project": drop.project})
    for record in recorded(entries):
        event = record.event
        if isinstance(event, ev.RequestOpened) and (event.file, event.environment) == (file, drop.environment):
            return _Old(event.request)
    return None


@attempt("open a request")
def _open(context: Context, actor: Actor | None, drop: Drop, content: ev.RequestContent, file: ev.RequestFile) -> str:
    if actor is None:
        raise Refusal(["a request is a person's: run quarterdeck --key PATH watch, as the one who asks for it"])
    project, environment = checked_name(drop.project), one(context.ledger, drop.environment).name
    with context.ledger.reading() as connection:
        release = releases.compose(connection, releases.newest_of_project(connection, project, environment))

    def decide(source: Source) -> Sequence[ev.Event]:
        before = _opened(source, drop, file)
        if before is not None:
            raise Conflict(f"it opened {before} just now")
        target = releases.ref_of(release)
        event = opening(
            context, source, actor.handle, project=project, environment=environment, content=content, target=target
        )
        return [replace(event, file=file)]

    return perform(context, actor, decide, blobs=[release.to_bytes()])[0].statement.on["request"]
