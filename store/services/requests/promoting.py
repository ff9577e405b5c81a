"""Promotion: the very release that is live in one environment asks to go on to the next."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from store.domain import events as ev
from store.domain import promotion as rules
from store.integrity.entry import Entry
from store.services import releases
from store.services.acting import perform
from store.services.attempts import attempt
from store.services.context import Actor, Context, Source
from store.services.delivery.environments import environments, one
from store.services.requests.reading import change_of
from store.services.requests.requests import opening

_PROMOTED: Final = re.compile(r"(?: \(promoted from [^()]*\))+$")


def check(context: Context, source: Source, request: str, *, to: str) -> None:
    """Raise Refusal with every reason why the release of `request` cannot go on to the environment `to`."""
    change = change_of(source, request)
    now = releases.desired(source, change.environment, change.project)
    rules.check_promotable(
        change,
        to=to,
        live=now.target if now is not None else None,
        quarantined=releases.quarantine(source, change.project, change.target.release),
        environments=environments(source),
        policy=context.policy,
    )


@attempt("promote")
def promote(context: Context, actor: Actor, request: str, *, to: str, template: str | None = None) -> Entry:
    """Open a request for the same release in another environment; it needs that environment's approvals.

    `template` names another kind of change, where that of `request` is not for `to`.

    Raises:
        BadInput: no such environment, or a template that is not for it.
        Refusal: the request is not live, its release is in quarantine, only looks the same as what is live, or
            may not go there from where it is.
    """
    one(context.ledger, to)

    def decide(source: Source) -> Sequence[ev.Event]:
        check(context, source, request, to=to)
        change = change_of(source, request)
        title = f"{_PROMOTED.sub('', change.content.title)} (promoted from {change.environment})"[:200]
        stated = replace(change.content, title=title, template=template or change.content.template)
        opened = opening(
            context,
            source,
            actor.handle,
            project=change.project,
            environment=to,
            content=stated,
            target=change.target,
        )
        return [replace(opened, from_request=request)]

    return perform(context, actor, decide)[0]
