"""What a person does with a change request, from any screen: approve, refuse, deploy, promote.

Each shows what it is about to do before it asks, acts on the request and digest that were on the screen, and says
how it came out.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from time import monotonic
from typing import Any

from console.presentation.comments import open_words
from console.presentation.impacts import brief_impact
from console.presentation.reviews import base_words, change_words, to_view, unticked
from console.presentation.spans import Line, fact, keyed, line
from console.presentation.times import lasted
from console.presentation.words import counted, severity, short_digest
from console.screen.desk import Desk
from console.screen.pane import Pane
from console.widgets.dialogs import Choose, Confirm
from store.domain.severity import is_production
from store.services.delivery import deploying
from store.services.requests import approving, drafting, promoting, requests
from store.services.requests.review import Review

_DIGEST = 16
"""Hex digits of the request digest shown before a signature: what two people can read to each other."""
_DEPLOY_STEPS = 3


def why_not(name: str, review: Review) -> str | None:
    """Return why an act cannot be done on this request by whoever looks at it, with what would unblock it."""
    match name:
        case "approve" if unticked(review):
            reasons = (*review.approve_blocked, "→ `T` on the request ticks each that holds")
        case "approve":
            reasons = (*review.approve_blocked, *_arrows(review.approve_unblock))
        case "refuse":
            reasons = review.refuse_blocked
        case "deploy":
            reasons = (*review.deploy_blocked, *_arrows(review.deploy_unblock))
        case "edit":
            reasons = review.edit_blocked
        case "promote":
            reasons = review.promote_blocked
        case "checklist":
            reasons = () if review.has_checklist else ("its template asks for no checklist",)
        case _:
            return None
    return "\n".join(dict.fromkeys(reasons)) or None


def _arrows(words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"→ {found}" for found in words)


class Approval(Confirm):
    """The question before a signature: everything that is signed is in view, also on a small terminal."""

    DEFAULT_CSS = """
    Approval.-short VerticalScroll { max-height: 15; }
    """


async def approve(pane: Pane[Any], desk: Desk, review: Review, *, viewed: frozenset[str] | None = None) -> None:
    """Ask, then sign an approval of exactly the digest in `review`. `viewed`: the components ticked off so far."""
    row, me = review.request, desk.me()
    target, *changes = _target(review)
    answer = await pane.ask(
        Approval(
            f"{row.id} {row.title}",
            [
                target,
                *_signing(desk),
                *changes,
                *_warnings(review, viewed),
                _fact("then", "an edit of the request makes this approval void"),
            ],
            verb="approve",
            danger=False,
        )
    )
    if not answer.confirmed:
        pane.say("not approved; nothing was signed", tone="info")
        return
    entry = await pane.perform(
        lambda: approving.approve(desk.context, me, row.id, digest=row.digest, place=review.place),
        doing=f"approving {row.id} ({me.signer.via})",
    )
    if entry.statement.data.get("complete"):
        pane.say(f"approved {row.id}: entry {entry.seq}; all approvals are there, `D` deploys it to {row.environment}")
    else:
        pane.say(f"approved {row.id}: entry {entry.seq}; it still needs somebody else")


async def refuse(pane: Pane[Any], desk: Desk, review: Review) -> None:
    """Ask for the reason, then sign a refusal."""
    row = review.request
    answer = await pane.ask(
        Confirm(
            f"{row.id} {row.title}",
            [
                *_signing(desk),
                *_target(review),
                _fact("then", f"{row.requester} edits it and hands it in again, or lets it go"),
            ],
            verb="refuse",
            reason="reason, goes into the ledger",
        )
    )
    if answer.confirmed:
        entry = await pane.perform(
            lambda: approving.refuse(desk.context, desk.me(), row.id, reason=answer.reason), doing=f"refusing {row.id}"
        )
        pane.say(f"refused {row.id}: entry {entry.seq}")


async def deploy(pane: Pane[Any], desk: Desk, review: Review) -> None:
    """Ask, push, read back, and say how it came out; on production the environment's name has to be typed."""
    row = review.request
    answer = await pane.ask(
        Confirm(
            f"{row.id} {row.title}",
            [
                *_target(review),
                _fact("then", "gates run again, files are pushed, what stands there is read back"),
                _fact("after", _after(row.base)),
            ],
            verb="deploy",
            environment=row.environment if is_production(row.environment) else None,
        )
    )
    if not answer.confirmed:
        pane.say("not deployed; nothing was changed", tone="info")
        return
    started = monotonic()
    doing = f"deploying {row.id} to {row.environment}"
    outcome = await pane.perform(
        lambda: deploying.deploy(desk.context, desk.me(), row.id, progress=_teller(pane, doing)), doing=doing
    )
    took = lasted(monotonic() - started)
    if outcome.verified:
        first = f"verified {outcome.deployment}: {row.id} is live in {row.environment} after {took}"
        pane.say(first, f"entries {outcome.entries[0].seq} to {outcome.entries[-1].seq}")
    else:
        pane.say(
            f"{outcome.deployment} failed after {took}: {outcome.reason}",
            "→ `R` rolls back to the release before; the failure is recorded",
            tone="danger",
        )


async def promote(pane: Pane[Any], desk: Desk, review: Review) -> None:
    """Choose where to, open a request there for the same release, and hand it in when wanted."""
    row = review.request
    places = [(place, line((place, "strong"))) for place in review.promote_to]
    to = await pane.ask(Choose(f"Promote {short_digest(row.release)} ({row.id}) from {row.environment} to", places))
    if to is None:
        return
    template, there = review.content.template, drafting.templates(desk.context, to)
    if template and template not in there:
        kinds = [(name, line((name, "strong"), f"  {one.title}")) for name, one in there.items()]
        kind = await pane.ask(Choose(f"{template} is not for {to}: what kind of change is it there?", kinds))
        if kind is None:
            return
        template = kind
    entry = await pane.perform(
        lambda: promoting.promote(desk.context, desk.me(), row.id, to=to, template=template),
        doing=f"promoting {row.id} to {to}",
    )
    made = str(entry.statement.on["request"])
    answer = await pane.ask(
        Confirm(
            f"{made} for {row.project} → {to}",
            [
                _fact("release", line((short_digest(row.release), "info"), "  the same bytes as in ", row.environment)),
                _fact("now", f"{made} is a draft; submitted, its gates run and it waits for approval in {to}"),
            ],
            verb="submit",
            danger=False,
        )
    )
    if not answer.confirmed:
        pane.say(f"{made} is a draft: S submits it", tone="info")
        return
    await submit(pane, desk, made)


async def submit(pane: Pane[Any], desk: Desk, request: str) -> None:
    """Hand a draft in and say how its gates came out."""
    entries = await pane.perform(
        lambda: requests.submit(desk.context, desk.me(), request), doing=f"running the gates of {request}"
    )
    verdicts = [entry for entry in entries if entry.statement.kind == "gate.evaluated"]
    failed = [
        str(entry.statement.data["gate"])
        for entry in verdicts
        if not entry.statement.data["passed"] and not entry.statement.data.get("waived")
    ]
    if failed:
        pane.say(f"{request} is handed in, but {', '.join(failed)} failed", tone="warn")
    else:
        pane.say(f"{request} is handed in: {counted(len(verdicts), 'gate')} passed, it waits for approval")


def _teller(pane: Pane[Any], doing: str) -> Callable[[str], None]:
    """Return what the service calls in its thread at each step; a console that closes must not stop a push."""
    steps = iter(range(1, _DEPLOY_STEPS + 1))

    def tell(words: str) -> None:
        with contextlib.suppress(RuntimeError):
            pane.tell(f"{doing}: step {next(steps, _DEPLOY_STEPS)} of {_DEPLOY_STEPS}, {words}")

    return tell


def _target(review: Review) -> list[Line]:
    """Return what every question says first: for where, which bytes, what changes."""
    row = review.request
    mark = severity(row.risk)
    tone = "badge-danger" if is_production(row.environment) else "badge-info"
    does = brief_impact(review.diff.impact, 4)
    return [
        line(
            (f"{'for':<10}", "muted"),
            (f" {row.environment} ", tone),
            f" {row.project}  ",
            *mark.line(),
            "   digest ",
            (f"{row.digest[:_DIGEST]}…", "info"),
        ),
        *([_fact("goes to", line((review.place.words, "strong")))] if review.place is not None else []),
        *([_fact("!", line((review.moved, "danger")))] if review.moved else []),
        *([_fact("against", base_words(review))] if base_words(review) else []),
        _fact("changes", change_words(review.diff)),
        *(_fact("does" if not position else "", words) for position, words in enumerate(does)),
    ]


def _warnings(review: Review, viewed: frozenset[str] | None) -> list[Line]:
    changed = to_view(review.diff)
    found = []
    if viewed is not None and (left := len([part for part in changed if part not in viewed])):
        words = f"{left} of {counted(len(changed), 'changed component')} not ticked as viewed"
        found.append(_fact("!", line((words, "warn"))))
    if still := open_words(review):
        found.append(_fact("!", line((still, "warn"))))
    return found


def _signing(desk: Desk) -> list[Line]:
    """Return whose key signs, before it does."""
    me = desk.me()
    return [
        _fact("signed by", line((me.handle, "strong"), f", with its {me.signer.via}")),
        line("  ", (me.signer.public.fingerprint, "info")),  # whole on the smallest terminal
    ]


def _after(base: str | None) -> Line:
    return keyed(f"`R` rolls back to {short_digest(base)}" if base else "there was nothing before")


def _fact(label: str, words: str | Line) -> Line:
    return fact(label, *((words,) if isinstance(words, str) else words), room=10)
