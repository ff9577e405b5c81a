"""Writing a request, from any screen: choose what about and which kind, fill in the form, open, edit, hand in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from functools import partial
from typing import Any

from console.personal.drafts import Draft, Kept
from console.presentation.spans import Line, line
from console.presentation.times import ago
from console.presentation.words import counted
from console.screen import request_acts
from console.screen.desk import Desk
from console.screen.pane import Pane
from console.screen.request_form import Filled, RequestForm
from console.widgets.dialogs import Choose
from store.clock import parse_timestamp
from store.domain import events as ev
from store.domain.policy import RISKS
from store.errors import BadInput, Conflict, Refusal
from store.services.requests import drafting, requests

NEW = "new"
"""Under this a new request is kept while it is typed."""
_FIELDS = tuple(field.name for field in fields(ev.RequestContent))


async def write_request(
    pane: Pane[Any], desk: Desk, *, project: str | None = None, environment: str | None = None
) -> str | None:
    """Write a new request, about this project and environment where they are named; return its id.

    What was typed before and not handed in is offered first. None: left, or kept on this computer only.
    """
    draft = await _offered(pane, desk, NEW)
    if isinstance(draft, str):
        return None
    if draft is None:
        subject = await _subject(pane, desk, project, environment)
        if subject is None:
            return None
        kind = await _kind(pane, desk, subject.environment)
        if kind is None:
            return None
        stated = drafting.begin(desk.context, subject.environment, ev.RequestContent(title="", why="", template=kind))
        draft = Draft(project=subject.project, environment=subject.environment, fields=vars(stated))
    exports = drafting.exports(desk.context, draft.project, draft.environment)
    title = _title("NEW REQUEST", f"{draft.project} → {draft.environment}", f"  {_exports(exports)}")

    def open_it(content: ev.RequestContent) -> str:
        entry = requests.open_request(
            desk.context, desk.me(), project=draft.project, environment=draft.environment, content=content
        )
        return str(entry.statement.on["request"])

    return await _written(pane, desk, NEW, draft, title, open_it)


async def edit_request(pane: Pane[Any], desk: Desk, request: str) -> None:
    """Edit a request that is still open; says before that approvals given for it become void."""
    change = await pane.fetch(lambda: requests.change_of(desk.context.ledger, request), doing=f"reading {request}")
    kept = await _offered(pane, desk, request)
    if isinstance(kept, str):
        return
    fresh = Draft(
        project=change.project, environment=change.environment, base=change.digest, fields=vars(change.content)
    )
    draft = kept or fresh
    notice = []
    if draft.base != change.digest:
        notice.append(f"{request} was edited by somebody since you typed this")
    if change.state != "draft":
        notice.append(f"{request} is {change.state}: an edit makes it a draft again, and approvals void")
    title = _title(f"EDIT {request}", f"{change.project} → {change.environment}", "")

    def edit_it(content: ev.RequestContent) -> str:
        requests.edit(desk.context, desk.me(), request, content=content)
        return request

    await _written(pane, desk, request, draft, title, edit_it, notice=tuple(notice))


async def state_the_rest(
    pane: Pane[Any],
    desk: Desk,
    key: str,
    draft: Draft,
    record: Callable[[ev.RequestContent], str],
    *,
    notice: str,
) -> str | None:
    """Show in the form what a request that comes of something else, a drift, has to state besides; return its id."""
    kept = await _offered(pane, desk, key)
    if isinstance(kept, str):
        return None
    title = _title(f"REQUEST OF {key}", f"{draft.project} → {draft.environment}", "")
    return await _written(pane, desk, key, kept or draft, title, record, notice=(notice,))


async def _written(
    pane: Pane[Any],
    desk: Desk,
    key: str,
    draft: Draft,
    title: Line,
    record: Callable[[ev.RequestContent], str],
    *,
    notice: tuple[str, ...] = (),
) -> str | None:
    """Show the form until it is left or its content is recorded; what a service refuses is said in the form."""
    content, said = content_of(draft), notice
    while True:
        filled = await pane.ask(_form(desk, key, draft, content, title, editing=key != NEW, notice=said))
        if filled is None:
            pane.say(_left_words(desk, key), tone="info")
            return None
        content = filled.content
        try:
            request = await pane.perform(partial(record, content), doing="signing the request")
        except (Refusal, BadInput, Conflict) as error:
            said = (*notice, str(error))
            continue
        break
    desk.drafts.drop(key)
    await _handed_in(pane, desk, request, filled, new=key == NEW)
    return request


async def _handed_in(pane: Pane[Any], desk: Desk, request: str, filled: Filled, *, new: bool) -> None:
    if filled.then == "submit":
        await request_acts.submit(pane, desk, request)
    else:
        pane.say(f"{'opened' if new else 'edited'} {request}: a draft; `S` hands it in, `ctrl+e` goes on with it")


def content_of(draft: Draft) -> ev.RequestContent:
    """Return what a draft states; a field that is no longer known is left out."""
    stated = {name: text for name, text in draft.fields.items() if name in _FIELDS}
    return ev.RequestContent(**({"title": "", "why": ""} | stated))


def _form(
    desk: Desk,
    key: str,
    draft: Draft,
    content: ev.RequestContent,
    title: Line,
    *,
    editing: bool,
    notice: tuple[str, ...],
) -> RequestForm:
    context, place = desk.context, draft.environment

    def keep(typed: ev.RequestContent) -> Kept:
        return desk.drafts.keep(
            key,
            Draft(project=draft.project, environment=place, base=draft.base, at=context.now, fields=dict(vars(typed))),
        )

    kinds = [(name, one.title) for name, one in drafting.templates(context, place).items()]
    return RequestForm(
        title,
        content,
        templates=[("", "of no kind: only what policy asks of every request"), *kinds],
        risks=RISKS,
        check=partial(drafting.check, context, place),
        begin=partial(drafting.begin, context, place),
        keep=keep,
        editing=editing,
        notice=notice,
    )


async def _offered(pane: Pane[Any], desk: Desk, key: str) -> Draft | str | None:
    """Return what was kept and is to be gone on with, None to begin anew, `left` when neither was chosen."""
    kept = desk.drafts.read(key)
    if kept is None:
        return None
    title = content_of(kept).title or "without a title"
    when = f", typed {ago(parse_timestamp(kept.at), desk.context.clock.now())}" if kept.at else ""
    answer = await pane.ask(
        Choose(
            f"You were writing “{title}”, {kept.project} → {kept.environment}{when}",
            [
                ("on", line(("go on with it", "strong"))),
                ("anew", line(("begin anew", "strong"), ("  what was typed is thrown away", "muted"))),
            ],
        )
    )
    if answer == "on":
        return kept
    if answer == "anew":
        desk.drafts.drop(key)
        return None
    return "left"


async def _subject(
    pane: Pane[Any], desk: Desk, project: str | None, environment: str | None
) -> drafting.Subject | None:
    every = await pane.fetch(lambda: drafting.subjects(desk.context, desk.handle), doing="reading what was exported")
    found = {
        f"{one.environment}/{one.project}": one
        for one in every
        if project in {None, one.project} and environment in {None, one.environment}
    }
    if not found:
        raise Refusal(
            ["there is nothing that you may open a request about"],
            would_unblock=["an export has to arrive (quarterdeck watch), and a role that may open requests for it"],
        )
    if len(found) == 1:
        return next(iter(found.values()))
    rows = [
        (key, line((f"{one.project} → {one.environment}", "strong"), (f"  {_exports(one.exports)}", "muted")))
        for key, one in found.items()
    ]
    chosen = await pane.ask(Choose("New request: what about?", rows))
    return found[chosen] if chosen is not None else None


async def _kind(pane: Pane[Any], desk: Desk, environment: str) -> str | None:
    every = drafting.templates(desk.context, environment)
    rows = [
        (name, line((f"{name:<16}", "strong"), one.title, (f"  risk at least {one.risk}", "muted")))
        for name, one in every.items()
    ]
    return await pane.ask(Choose("New request: what kind of change?", [*rows, ("", line("of no kind"))]))


def _title(badge: str, about: str, more: str) -> Line:
    return line((f" {badge} ", "badge-info"), "  ", (about, "title"), (more, "muted"))


def _exports(names: tuple[str, ...]) -> str:
    return f"{counted(len(names), 'export')}: {', '.join(names[:3])}" if names else "no export yet"


def _left_words(desk: Desk, key: str) -> str:
    if desk.drafts.read(key) is None:
        return "nothing was written"
    return "kept on this computer, in nobody's ledger; the form offers it again"
