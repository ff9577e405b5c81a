"""Working through a step list of the policy while an incident is open."""

from __future__ import annotations

from collections.abc import Sequence

from store.domain import events as ev
from store.domain import playbooks as rules
from store.domain.playbooks import Run
from store.domain.roles import require
from store.errors import NotFound, Refusal
from store.integrity.entry import Entry
from store.services.acting import perform
from store.services.attempts import attempt
from store.services.context import Actor, Context, Source, named, next_id, recorded
from store.services.identity.people import principals
from store.services.incidents.handling import open_scope


def runs(source: Source) -> dict[str, Run]:
    """Return every run by id."""
    return rules.fold(recorded(source.entries(kinds=rules.KINDS)))


@attempt("start a playbook")
def start(context: Context, actor: Actor, name: str, incident: str) -> Entry:
    """Start the playbook `name` for an open incident; its steps are kept as policy has them now."""

    def decide(source: Source) -> Sequence[ev.Event]:
        found = context.policy.playbooks.get(name)
        if found is None:
            raise NotFound(f"the policy has no playbook {name!a}: there are {', '.join(context.policy.playbooks)}")
        if not found.steps:
            raise Refusal([f"the playbook {name} has no steps"])
        where = open_scope(source, incident)
        require(principals(source), actor.handle, "annotate", **where, at=context.now)
        return [
            ev.PlaybookStarted(
                playbook=named("PB", next_id(source, "PB", ["playbook.started"], "playbook")),
                incident=incident,
                name=name,
                title=found.title,
                steps=found.steps,
            )
        ]

    return perform(context, actor, decide)[0]


@attempt("tick a step")
def tick(context: Context, actor: Actor, playbook: str, step: int, *, note: str = "") -> Entry:
    """Tick one step of a run, with a note, while its incident is open."""

    def decide(source: Source) -> Sequence[ev.Event]:
        event = rules.tick(runs(source), playbook, step, note=note)
        where = open_scope(source, event.incident)
        require(principals(source), actor.handle, "annotate", **where, at=context.now)
        return [event]

    return perform(context, actor, decide)[0]
