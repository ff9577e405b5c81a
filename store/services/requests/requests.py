"""Change requests: opening, editing, submitting, withdrawing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from store.domain import change_steps as steps
from store.domain import events as ev
from store.domain.change import request_digest
from store.domain.policy.in_force import PLACE
from store.domain.secrets import redact
from store.domain.templates import begun
from store.domain.templates import named as named_template
from store.errors import Refusal
from store.integrity.entry import Entry
from store.projections import artifacts
from store.services import releases
from store.services.acting import perform
from store.services.attempts import attempt
from store.services.context import Actor, Context, Source, named, next_id
from store.services.delivery.environments import checked_name, environments, one
from store.services.identity.people import principals
from store.services.requests import assessing, gates
from store.services.requests.reading import change_of

__all__ = ["change_of", "draft_for", "edit", "open_request", "opening", "submit", "withdraw", "without_secrets"]


@attempt("open a request")
def open_request(
    context: Context,
    actor: Actor,
    *,
    project: str,
    environment: str,
    content: ev.RequestContent,
    artifacts_named: Sequence[str] = (),
) -> Entry:
    """Open a draft request for the newest exports of `project` (or the named ones), for `environment`.

    Raises:
        BadInput: no such environment, nothing ingested, or a mandatory field is empty.
        Refusal: the actor may not.
    """
    checked_name(project)
    one(context.ledger, environment)
    if content.template:
        content = begun(content, named_template(content.template, environment, context.policy))
    with context.ledger.reading() as connection:
        rows = releases.newest_of_project(connection, project, environment, artifacts_named)
        release = releases.compose(connection, rows)

    def decide(source: Source) -> Sequence[ev.Event]:
        request = opening(
            context,
            source,
            actor.handle,
            project=project,
            environment=environment,
            content=content,
            target=releases.ref_of(release),
        )
        return [request]

    return perform(context, actor, decide, blobs=[release.to_bytes()])[0]


def opening(
    context: Context,
    source: Source,
    handle: str,
    *,
    project: str,
    environment: str,
    content: ev.RequestContent,
    target: ev.ReleaseRef,
) -> ev.RequestOpened:
    """Return the event that opens the next request, if `handle` may open it; the caller archives its release."""
    request = named("CR", next_id(source, "CR", ["request.opened"], "request"))
    content = without_secrets(content)
    base = releases.desired(source, environment, project)
    event = ev.RequestOpened(
        request=request,
        project=project,
        environment=environment,
        content=content,
        target=target,
        digest=request_digest(request, project, environment, content, target),
        base=base.target.release if base else None,
    )
    return steps.open_request(event, actor=handle, people=principals(source), policy=context.policy, at=context.now)


@attempt("edit a request")
def edit(context: Context, actor: Actor, request: str, *, content: ev.RequestContent, refresh: bool = False) -> Entry:
    """Change what a request states, and with `refresh` also take the newest exports; approvals become void."""
    before = change_of(context.ledger, request)
    if before.environment == PLACE:
        raise Refusal(
            [f"{request} changes the policy: what it says is told from the policy files"],
            would_unblock=["withdraw it, change the files, and quarterdeck policy propose"],
        )
    content = without_secrets(content)
    target, blobs = before.target, list[bytes]()
    if refresh:
        with context.ledger.reading() as connection:
            rows = releases.newest_of_project(connection, before.project, before.environment)
            release = releases.compose(connection, rows)
        target, blobs = releases.ref_of(release), [release.to_bytes()]

    def decide(source: Source) -> Sequence[ev.Event]:
        change = change_of(source, request)
        base = releases.desired(source, change.environment, change.project)
        event = ev.RequestEdited(
            request=request,
            project=change.project,
            environment=change.environment,
            content=content,
            target=target,
            digest=request_digest(request, change.project, change.environment, content, target),
            base=base.target.release if base else None,
        )
        people = principals(source)
        return [steps.edit(change, event, actor=actor.handle, people=people, policy=context.policy, at=context.now)]

    return perform(context, actor, decide, blobs=blobs)[0]


def without_secrets(content: ev.RequestContent) -> ev.RequestContent:
    """Return what a requester states without the secrets in it: the request's digest is over this form."""
    return replace(content, **{name: redact(text) for name, text in vars(content).items()})


@attempt("submit")
def submit(context: Context, actor: Actor, request: str) -> tuple[Entry, ...]:
    """Hand a draft to its approvers; its risk is assessed, every gate runs, and all of it is recorded."""
    change = change_of(context.ledger, request)
    steps.submit(change, actor=actor.handle, people=principals(context.ledger), policy=context.policy, at=context.now)
    assessed = assessing.assess(context, context.ledger, change, phase="submit")
    verdicts = gates.run(context, context.ledger, change, phase="submit", assessed=assessed).verdicts

    def decide(source: Source) -> Sequence[ev.Event]:
        now = change_of(source, request)
        submitted = steps.submit(
            now, actor=actor.handle, people=principals(source), policy=context.policy, at=context.now
        )
        if now.digest != change.digest:
            raise Refusal([f"{request} was edited while its gates ran"], would_unblock=["submit it again"])
        return [submitted, assessed, *verdicts]

    return perform(context, actor, decide)


@attempt("withdraw")
def withdraw(context: Context, actor: Actor, request: str, *, reason: str) -> Entry:
    """Take a request back before it is deployed."""

    def decide(source: Source) -> Sequence[ev.Event]:
        change = change_of(source, request)
        people = principals(source)
        return [steps.withdraw(change, actor=actor.handle, reason=reason, people=people, at=context.now)]

    return perform(context, actor, decide)[0]


def draft_for(context: Context, *, project: str, environment: str) -> tuple[str, ...]:
    """Return the names of the exports a new request would be about."""
    environments(context.ledger)
    with context.ledger.reading() as connection:
        return tuple(row.name for row in artifacts.newest(connection, project, environment))
