"""Rolling back, from any screen: show everything it would do, ask, carry it out, say how it went."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, Final

from textual.binding import Binding, BindingType

from console.presentation.changes import changes_of
from console.presentation.component_text import component_text
from console.presentation.rollbacks import component_options, facts_of, failed_words, verified_words
from console.presentation.spans import Line, line
from console.presentation.words import counted
from console.screen.change_question import ConfirmChange
from console.screen.desk import Desk
from console.screen.pane import Pane
from console.screen.surprise_dialog import saw_surprise
from console.widgets.change_panel import ChangePanel
from console.widgets.choose_some import ChooseSome
from console.widgets.dialogs import Answer, Reading
from store.domain.severity import is_production
from store.errors import BadInput, ChangedBehindOurBack, NotFound
from store.services.delivery import rollback
from store.services.delivery.effects import Effect, effect
from store.services.delivery.pushing import Outcome
from store.services.delivery.rollback import Plan

_ROOM_FOR_ALL_KEYS: Final = 82
"""Columns from which the keys of the question stand in one line in whole sentences."""


@dataclass(frozen=True, kw_only=True)
class Preview:
    """A plan and what it really changes live."""

    plan: Plan
    effect: Effect

    def texts(self, component: str) -> tuple[str, str]:
        """Return one component's text as it is live and as it will be."""
        return component_text(self.effect.before.get(component)), component_text(self.effect.after.get(component))


@dataclass(frozen=True, kw_only=True)
class Words:
    """How the question is put."""

    verb: str
    doing: str
    """What is said while it is done, before the project and its environment."""
    over: str | None = None
    """The drift that is overwritten."""
    undoes: str | None = None
    """The failed deployment that is taken back."""
    record: tuple[Line, ...] = ()
    """What is known before: said first."""
    some: bool = False
    """Whether single components may be chosen."""
    because: str = ""
    """What the reason begins with."""


class ConfirmRollback(ConfirmChange):
    """The question whether to roll back; `ctrl+o` asks for single components instead."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+o", "some", "Only some components", show=False, id="dialog.some", priority=True),
    ]

    def __init__(self, title: str, facts: Sequence[str | Line], *, some: bool = False, **more: Any) -> None:
        """Take `some`: whether single components can go back."""
        super().__init__(title, facts, **more)
        self._ask_some = some

    def on_resize(self) -> None:
        self._show_keys()

    def keys(self, *, short: bool = False) -> Line:
        short = short or self.app.size.width < _ROOM_FOR_ALL_KEYS
        if not self._ask_some:
            return super().keys()
        return (*super().keys(short=short), *line("  ", (" ctrl+o ", "keycap"), " some" if short else " only some"))

    def action_some(self) -> None:
        """Answer that only some components are to go back."""
        if self._ask_some:
            self.dismiss(Answer(confirmed=False, other="some"))
        else:
            self.app.bell()


async def confirm_rollback(
    pane: Pane[Any],
    desk: Desk,
    *,
    environment: str,
    project: str,
    to: str | None = None,
    drift: str | None = None,
    incident: str = "",
) -> None:
    """Plan a rollback (with `drift`: pushing the desired release over it), ask, do it, and say how it went.

    Only inside an `async def act_…`. Nothing is changed before the reason is typed, and on production the
    environment's name. Without `to` the goal is the release before the present one. The question also offers to
    take back single components; then it is planned and asked anew with these. The `incident` begins the reason.

    Raises:
        Refusal, Conflict, NotFound, PlatformFailure: as the services do; `Pane.report` shows them.
    """

    def look(components: tuple[str, ...]) -> Plan:
        if drift is not None:
            return rollback.plan_revert(desk.context, drift)
        return rollback.begin(desk.context, desk.actor, environment, project, to=to, components=components)

    if drift is None:
        words = Words(verb="roll back", doing="rolling back", some=True, because=incident)
    else:
        words = Words(verb="revert", doing="reverting", over=drift)
    await _asked(pane, desk, look, words)


async def confirm_undo(pane: Pane[Any], desk: Desk, deployment: str, *, record: Sequence[Line]) -> None:
    """Plan taking back what a failed deployment left behind, ask, do it, and say how it went.

    `record` is what is known to have changed. Raises as `confirm_rollback`.
    """
    words = Words(verb="take back", doing="taking back", undoes=deployment, record=tuple(record))
    await _asked(pane, desk, lambda _: rollback.plan_undo(desk.context, deployment), words)


async def _asked(pane: Pane[Any], desk: Desk, look: Callable[[tuple[str, ...]], Plan], words: Words) -> None:
    """Plan, ask, and carry it out; plan and ask again where components are chosen, or live changed meanwhile."""
    components: tuple[str, ...] = ()
    every: tuple[tuple[str, Line], ...] = ()
    while True:
        preview = await _looked(pane, desk, partial(look, components), alone=bool(components))
        if preview is None:
            components = await _some(pane, every, components)
            continue
        if not components:
            every = component_options(preview.effect.diff)
        answer = await pane.ask(_question(preview, words, some=words.some and len(every) > 1))
        if answer.other == "some":
            components = await _some(pane, every, components)
            continue
        if not answer.confirmed:
            break
        try:
            outcome = await _carried_out(pane, desk, preview.plan, answer.reason, doing=words.doing)
        except ChangedBehindOurBack as surprise:
            if await saw_surprise(pane, desk, surprise.drifts):
                continue  # asked again, with what was just seen in it
            break
        _say_outcome(pane, preview, outcome)
        return
    pane.say("nothing was changed", tone="info")


async def _looked(pane: Pane[Any], desk: Desk, look: Callable[[], Plan], *, alone: bool) -> Preview | None:
    """Return the plan and its effect; None once it was said that the chosen components cannot go back `alone`."""

    def preview() -> Preview:
        plan = look()
        return Preview(plan=plan, effect=effect(desk.context, plan))

    try:
        return await pane.fetch(preview, doing="working out what would change")
    except (BadInput, NotFound) as error:
        if not alone:
            raise
        await pane.ask(Reading("These cannot go back alone", [str(error)]))
        return None


def _say_outcome(pane: Pane[Any], preview: Preview, outcome: Outcome) -> None:
    if outcome.verified:
        pane.say(*verified_words(preview.plan, preview.effect, outcome), tone="ok")
    else:
        pane.say(*failed_words(preview.plan, outcome), tone="danger")


async def _some(pane: Pane[Any], every: tuple[tuple[str, Line], ...], chosen: tuple[str, ...]) -> tuple[str, ...]:
    """Return the components that are to go back; none: the whole release."""
    facts = [line(("only these go back; all others are pushed as they should be now, over any drift", "muted"))]
    return await pane.ask(ChooseSome("Roll back which components?", every, chosen=chosen, facts=facts)) or ()


async def _carried_out(pane: Pane[Any], desk: Desk, plan: Plan, reason: str, *, doing: str) -> Outcome:
    doing = f"{doing} {plan.project} on {plan.environment.name}"
    return await pane.perform(
        lambda: rollback.roll_back(
            desk.context,
            desk.me(),
            plan,
            reason=reason,
            progress=lambda words: pane.tell(f"{doing}: {words} …"),
        ),
        doing=doing,
    )


def _question(preview: Preview, words: Words, *, some: bool) -> ConfirmRollback:
    plan = preview.plan
    body = ChangePanel(roomy=True)
    diff = preview.effect.diff
    changes = changes_of(diff.to_json())
    body.show_changes(changes, preview.texts, old_label="live now", new_label="after", impact=diff.impact)
    about = plan.project if is_production(plan.environment.name) else f"{plan.project} on {plan.environment.name}"
    if words.over is not None:
        about = f"{about}: desired over {words.over}"
    if words.undoes is not None:
        about = f"{about}: what {words.undoes} left behind"
    if plan.components:
        about = f"{about}: only {counted(len(plan.components), 'component')}"
    return ConfirmRollback(
        about,
        [*words.record, *facts_of(plan, preview.effect)],
        verb=words.verb,
        environment=plan.environment.name if is_production(plan.environment.name) else None,
        reason="reason, goes into the ledger",
        because=words.because,
        body=body,
        some=some,
    )
