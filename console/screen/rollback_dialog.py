"""Rolling back, from any screen: show everything it would do, ask, carry it out, say how it went."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from console.presentation.changes import changes_of
from console.presentation.component_text import component_text
from console.presentation.rollbacks import facts_of, failed_words, verified_words
from console.screen.change_question import ConfirmChange
from console.screen.desk import Desk
from console.screen.pane import Pane
from console.screen.surprise_dialog import saw_surprise
from console.widgets.change_panel import ChangePanel
from store.errors import ChangedBehindOurBack
from store.services.delivery import rollback
from store.services.delivery.effects import Effect, effect
from store.services.delivery.pushing import Outcome
from store.services.delivery.rollback import Plan


@dataclass(frozen=True, kw_only=True)
class Preview:
    """A plan and what it really changes live."""

    plan: Plan
    effect: Effect

    def texts(self, component: str) -> tuple[str, str]:
        """Return one component's text as it is live and as it will be."""
        return component_text(self.effect.before.get(component)), component_text(self.effect.after.get(component))


class ConfirmRollback(ConfirmChange):
    """The question whether to roll back."""


async def confirm_rollback(
    pane: Pane[Any], desk: Desk, *, environment: str, project: str, to: str | None = None, drift: str | None = None
) -> None:
    """Plan a rollback (with `drift`: pushing the desired release over it), ask, do it, and say how it went.

    Only inside an `async def act_…`. Nothing is changed before the reason is typed, and on production the
    environment's name. Without `to` the goal is the release before the present one.

    Raises:
        Refusal, Conflict, NotFound, PlatformFailure: as the services do; `Pane.report` shows them.
    """

    def look() -> Preview:
        context = desk.context
        if drift is not None:
            plan = rollback.plan_revert(context, drift)
        else:
            plan = rollback.plan(context, environment, project, to=to)
        return Preview(plan=plan, effect=effect(context, plan))

    while True:
        preview = await pane.perform(look, doing="working out what a rollback would change")
        answer = await pane.ask(_question(preview, drift))
        if not answer.confirmed:
            pane.say("nothing was changed", tone="info")
            return
        try:
            outcome = await _carried_out(pane, desk, preview.plan, answer.reason)
        except ChangedBehindOurBack as surprise:
            if not await saw_surprise(pane, desk, surprise.drifts):
                pane.say("nothing was changed", tone="info")
                return
            continue  # asked again, with what was just seen in it
        break
    plan = preview.plan
    if outcome.verified:
        pane.say(*verified_words(plan, preview.effect, outcome), tone="ok")
    else:
        pane.say(*failed_words(plan, outcome), tone="danger")


async def _carried_out(pane: Pane[Any], desk: Desk, plan: Plan, reason: str) -> Outcome:
    doing = f"rolling back {plan.project} on {plan.environment.name}"
    return await pane.perform(
        lambda: rollback.roll_back(
            desk.context,
            desk.me(),
            plan,
            reason=reason,
            progress=lambda words: pane.say(f"{doing}: {words} …", tone="info"),
        ),
        doing=doing,
    )


def protected(environment: str) -> bool:
    """Return whether an environment's name has to be typed before anything changes it."""
    return environment.startswith("prod")


def _question(preview: Preview, drift: str | None) -> ConfirmRollback:
    plan = preview.plan
    body = ChangePanel(roomy=True)
    diff = preview.effect.diff
    changes = changes_of(diff.to_json())
    body.show_changes(changes, preview.texts, old_label="live now", new_label="after", impact=diff.impact)
    place = "" if protected(plan.environment.name) else f" on {plan.environment.name}"
    return ConfirmRollback(
        f"{plan.project}{place}" if drift is None else f"{plan.project}{place}: desired over {drift}",
        facts_of(plan, preview.effect),
        verb="roll back" if drift is None else "revert",
        environment=plan.environment.name if protected(plan.environment.name) else None,
        reason="reason, goes into the ledger",
        body=body,
    )
