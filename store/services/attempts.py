"""What was tried and refused becomes an entry: who, with which key, what, about what, and every reason."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from functools import wraps
from typing import Final, ParamSpec, TypeVar

from store.clock import parse_timestamp
from store.domain import events as ev
from store.domain.secrets import redact
from store.errors import Conflict, Disguised, QuarterdeckError, Refusal, Unstated
from store.projections import requests as request_rows
from store.services.acting import record
from store.services.context import Actor, Context, recorded

P = ParamSpec("P")
R = TypeVar("R")
RECORDED: Final = (Refusal, Conflict, Unstated, Disguised)
"""What is recorded: a rule that said no, and words or names made to pass for others. Wrong input is only answered."""
_LONGEST: Final = 2000
PATIENCE: Final = timedelta(hours=1)
"""The same refusal of the same try is recorded once within it: a script that tries again must not fill the ledger."""
_PLACES: Final = ("request", "project", "environment")
_ABOUT: Final = ("handle", "name", "incident", "drift", "glass", "waiver", "anomaly", "gate", "deployment", "playbook",
                 "finding", "subject", "release", "digest")  # fmt: skip
"""The parameters of services that name what an act is about, where it is no request."""


def attempt(act: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Make a service's verb (which takes a Context and an Actor) record when a rule refuses it."""

    def decorate(verb: Callable[P, R]) -> Callable[P, R]:
        signature = inspect.signature(verb)

        @wraps(verb)
        def trying(*args: P.args, **kwargs: P.kwargs) -> R:
            given = signature.bind_partial(*args, **kwargs).arguments
            actor = given.get("actor")
            if not isinstance(actor, Actor):
                return verb(*args, **kwargs)
            key = actor.signer.public.fingerprint
            with recording(given["context"], act, principal=actor.handle, key=key, given=given):
                return verb(*args, **kwargs)

        return trying

    return decorate


@contextmanager
def recording(
    context: Context,
    act: str,
    *,
    principal: str,
    key: str,
    given: Mapping[str, object],
    of: tuple[type[QuarterdeckError], ...] = RECORDED,
) -> Iterator[None]:
    """Record it when a rule refuses what happens inside; the refusal goes on, and names its entry.

    `given` are the words of the act by the names of its parameters, `of` the errors that are recorded. Where nothing
    can be recorded (a ledger that is only read) the refusal stands all the same, and says so.
    """
    try:
        yield
    except of as error:
        if error.entry is None:
            _note(context, error, act=act, principal=principal, key=key, given=given)
        raise


def _note(
    context: Context, error: QuarterdeckError, *, act: str, principal: str, key: str, given: Mapping[str, object]
) -> None:
    try:
        event = ev.AttemptRefused(
            principal=plain(principal),
            act=act,
            key=key,
            reason=plain(str(error)),
            about=next((plain(value) for name in _ABOUT if isinstance(value := given.get(name), str)), None),
            **_places(context, given),
        )
        same = _again(context, event)
        error.entry = same if same is not None else record(context, [event])[0].seq
    except QuarterdeckError as trouble:
        error.add_note(f"this attempt could not be recorded: {trouble}")


def _places(context: Context, given: Mapping[str, object]) -> dict[str, str]:
    """Return the request, project and environment that the act names, itself or by a scope or plan it is handed."""
    plan, scope = given.get("what"), given.get("scope")
    environment = getattr(plan, "environment", None)
    named: dict[str, object] = {name: getattr(scope, name, None) for name in _PLACES}
    named |= {"project": getattr(plan, "project", named["project"])}
    named |= {"environment": getattr(environment, "name", environment) or named["environment"]}
    named |= {name: given[name] for name in _PLACES if name in given}
    found = {name: plain(value) for name, value in named.items() if isinstance(value, str) and value not in {"", "*"}}
    if "request" in found:
        with context.ledger.reading() as connection:
            row = request_rows.one(connection, found["request"])
        if row is not None:
            found |= {"project": row.project, "environment": row.environment}
    return found


def _again(context: Context, event: ev.AttemptRefused) -> int | None:
    """Return the entry that says this very thing already and is not older than `PATIENCE`; None when none does."""
    on = {"principal": event.principal}
    newest = context.ledger.entries(kinds=[ev.AttemptRefused.KIND], on=on, limit=1, newest_first=True)
    for one in recorded(newest):
        age = context.clock.now() - parse_timestamp(one.time)
        if one.event == event and timedelta(0) <= age < PATIENCE:
            return one.seq
    return None


def plain(text: str) -> str:
    """Return text as an entry can hold it: valid, not endless, without secrets."""
    return redact(text.encode("utf-8", "backslashreplace").decode()[:_LONGEST])
