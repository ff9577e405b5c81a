"""A rollback in words: what it does, what it takes along, what cannot come back, and how it went."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from console.presentation.spans import Line, fact, line
from console.presentation.times import day
from console.presentation.words import change as change_mark
from console.presentation.words import counted, short_digest
from store.clock import parse_timestamp
from store.domain.diff import Change, Diff
from store.projections.deployments import DeploymentRow
from store.services.delivery.effects import Effect
from store.services.delivery.pushing import Outcome
from store.services.delivery.rollback import Plan

_fact = partial(fact, room=9)

_NAMED = 6
"""Ids named in a line before the rest is counted."""


def facts_of(plan: Plan, effect: Effect) -> tuple[Line, ...]:
    """Return what a person must know before saying yes, the most surprising right after from and to."""
    if plan.unmade is not None:
        return _undo_facts(plan, effect)
    revert = not plan.leaves_behind
    drifted = (("live, drifted from ", "danger"),) if plan.drifts else ()
    lines = [
        _fact("from", *drifted, *_release(effect.left, plan.leaves_digest)),
        _fact("to", (f"{plan.reason_back}  ", "strong"), *_release(effect.back, plan.ref.release), _since(effect.back)),
        _fact("changes", *changes_in_words(effect.diff)),
    ]
    if plan.moved is not None:
        lines.append(_fact("moved", (plan.moved, "danger")))
    if plan.drifts:
        lines.append(_fact("drift", (f"overwrites {named(plan.drifts)}", "warn"), ", which is archived"))
    if plan.components:
        known = {**plan.to.by_id, **plan.leaves.by_id}
        names = [known[part].name if part in known else part for part in plan.components]
        others = counted(sum(part not in plan.components for part in plan.leaves.by_id), "other component")
        lines.append(_fact("only", (named(names), "strong"), f"; {others} as desired now"))
    if plan.takes_along:
        newer = [f"{one} by {who}" if (who := effect.by.get(one)) else one for one in plan.takes_along]
        lines.append(_fact("along", (f"takes back {named(newer)}", "warn"), ", deployed since"))
    if plan.makes_stale and not revert:  # a revert leaves the base of every request as it is
        lines.append(_fact("stale", (f"makes {named(plan.makes_stale)} stale", "warn"), ": their base changes"))
    lines += [_fact("lost", (loss, "danger")) for loss in plan.cannot_come_back]
    if not plan.cannot_come_back:
        lines.append(_fact("lost", "nothing known that cannot come back"))
    after = "" if revert else f"{short_digest(plan.leaves_digest)} goes into quarantine; "
    lines.append(_fact("after", f"{after}{_after(effect)}"))
    return tuple(lines)


def _undo_facts(plan: Plan, effect: Effect) -> tuple[Line, ...]:
    lines = [
        _fact("from", ("nothing was ever live here: a first deployment failed on the way", "warn")),
        _fact("to", (plan.reason_back, "strong"), "; nothing is desired there afterwards"),
        _fact("changes", *changes_in_words(effect.diff)),
        *(_fact("lost", (loss, "danger")) for loss in plan.cannot_come_back),
    ]
    return (*lines, _fact("after", _after(effect), "; what cannot be deleted is named"))


def component_options(diff: Diff) -> tuple[tuple[str, Line], ...]:
    """Return the components that a rollback changes, to choose from: how, which, and what in words."""
    return tuple(
        (
            found.id,
            line(
                (f"{change_mark(found.change.value).symbol} ", change_mark(found.change.value).tone),
                (found.name, "strong"),
                (f"  {found.kind}, {change_mark(found.change.value).word}", "muted"),
                *((f"  {words}", "text") for words in found.words[:1]),
            ),
        )
        for found in diff.components
    )


def verified_words(plan: Plan, effect: Effect, outcome: Outcome) -> tuple[str, ...]:
    """Return what is said after a rollback that was read back as pushed."""
    if plan.unmade is not None:
        seqs = [entry.seq for entry in outcome.entries]
        return (
            f"verified {outcome.deployment}: what {outcome.undoes} brought to {plan.project} on"
            f" {plan.environment.name} is gone",
            f"entries {seqs[0]} to {seqs[-1]}",
        )
    release = short_digest(plan.ref.release)
    place = f"{plan.project} on {plan.environment.name}"
    first = f"verified {outcome.deployment}: {place} is release {release} again"
    seqs = [entry.seq for entry in outcome.entries]
    words = [f"entries {seqs[0]} to {seqs[-1]}" if len(seqs) > 1 else f"entry {seqs[0]}"]
    if plan.leaves_behind:
        words.append(f"{short_digest(plan.leaves_digest)} is in quarantine")
    if outcome.credentials_missing:
        words.append(f"missing there: {named(outcome.credentials_missing)}")
    if plan.drifts and not effect.read_back_live:
        words.append(f"{named(plan.drifts)} ends when live is seen again")
    return first, "; ".join(words)


def failed_words(plan: Plan, outcome: Outcome) -> tuple[str, ...]:
    """Return what is said after a push that did not come back as pushed."""
    if plan.unmade is not None:
        return (
            f"{outcome.deployment} failed: {outcome.reason}",
            *remaining(outcome),
            f"`U` goes on from there, or quarterdeck deploy --undo {plan.unmade.deployment}",
        )
    return (
        f"{outcome.deployment} failed: {outcome.reason}",
        f"the desired state of {plan.project} on {plan.environment.name} is what it was; look at the target, then"
        f" roll back again, or quarterdeck deploy --undo {outcome.deployment}",
    )


def remaining(outcome: Outcome) -> tuple[str, ...]:
    """Return which components still stand after an undo that did not take all of them away."""
    reach = outcome.reach
    left = (*reach.untouched, *reach.unsure) if reach is not None else ()
    return (f"still there: {named(left)}",) if left else ()


def changes_in_words(diff: Diff) -> tuple[tuple[str, str], ...]:
    """Return how many components change in which way, and which connectors come and go, as spans to be."""
    found: list[tuple[str, str]] = []
    for change in (Change.ADDED, Change.REMOVED, Change.CHANGED, Change.RENAMED):
        count = diff.count(change)
        if count:
            mark = change_mark(change.value)
            found.append((f"{mark.symbol} {counted(count, 'component')} {mark.word}  ", mark.tone))
    quiet = diff.count(Change.NOISE)
    if quiet:
        found.append((f"· {quiet} layout only  ", "muted"))
    for sign, tone, links in (("+", "add", diff.connectors_added), ("−", "remove", diff.connectors_removed)):
        found += [(f"{sign} {link.kind} {link.name}  ", tone) for link in links[:_NAMED]]
        if len(links) > _NAMED:
            found.append((f"{sign} {len(links) - _NAMED} more connectors  ", tone))
    return tuple(found) or (("nothing: live is that release already", "muted"),)


def named(ids: Sequence[str]) -> str:
    """Return ids with commas, the first few by name and how many more."""
    more = f" and {len(ids) - _NAMED} more" if len(ids) > _NAMED else ""
    return f"{', '.join(ids[:_NAMED])}{more}"


def _release(row: DeploymentRow | None, digest: str) -> tuple[tuple[str, str], ...]:
    shown = ((short_digest(digest), "info"),)
    if row is None:
        return shown
    return (*shown, (f" {row.id} ({row.request or row.cause})", "text"))


def _since(row: DeploymentRow | None) -> tuple[str, str]:
    return (f" of {day(parse_timestamp(row.ended_at or row.started_at))}" if row else "", "muted")


def _after(effect: Effect) -> str:
    if effect.read_back_live:
        return f"pushed to {effect.target} and read back"
    return f"delivered to {effect.target}, whence the platform imports it"
