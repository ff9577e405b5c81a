"""Rolling back, from any screen: show everything it would do, ask, carry it out, say how it went."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from textual.binding import Binding, BindingType

from console.presentation.changes import changes_of
from console.presentation.component_text import component_text
from console.presentation.rollbacks import facts_of, failed_words, verified_words
from console.screen.desk import Desk
from console.screen.pane import Pane
from console.widgets.change_panel import ChangePanel
from console.widgets.dialogs import Confirm
from console.widgets.line_view import LineView
from store.services.delivery import rollback
from store.services.delivery.effects import Effect, effect
from store.services.delivery.rollback import Plan


@dataclass(frozen=True, kw_only=True)
class Preview:
    """A plan and what it really changes live."""

    plan: Plan
    effect: Effect

    def texts(self, component: str) -> tuple[str, str]:
        """Return one component's text as it is live and as it will be."""
        return component_text(self.effect.before.get(component)), component_text(self.effect.after.get(component))


class ConfirmRollback(Confirm):
    """The question, with the change as its body; arrows move in it while a name or reason is being typed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "body('move(-1)')", "Up", show=False, id="dialog.up"),
        Binding("down", "body('move(1)')", "Down", show=False, id="dialog.down"),
        Binding("pageup", "body('page(-1)')", "Page up", show=False, id="dialog.page-up"),
        Binding("pagedown", "body('page(1)')", "Page down", show=False, id="dialog.page-down"),
    ]
    DEFAULT_CSS = """
    ConfirmRollback > Vertical { width: 140; max-width: 96%; max-height: 44; }
    ConfirmRollback.-short > Vertical { max-width: 100%; }
    ConfirmRollback.-short VerticalScroll { max-height: 8; }
    """

    async def action_body(self, move: str) -> None:
        """Move in the list that is in view though an input has the focus."""
        view = next((view for view in self.query(LineView) if view.display and view.is_on_screen), None)
        if view is not None:
            await view.run_action(move)


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

    preview = await pane.perform(look, doing="working out what a rollback would change")
    answer = await pane.ask(_question(preview, drift))
    if not answer.confirmed:
        pane.say("nothing was changed", tone="info")
        return
    plan = preview.plan
    doing = f"rolling back {plan.project} on {plan.environment.name}"
    outcome = await pane.perform(
        lambda: rollback.roll_back(
            desk.context,
            desk.me(),
            plan,
            reason=answer.reason,
            progress=lambda words: pane.say(f"{doing}: {words} …", tone="info"),
        ),
        doing=doing,
    )
    if outcome.verified:
        pane.say(*verified_words(plan, preview.effect, outcome), tone="ok")
    else:
        pane.say(*failed_words(plan, outcome), tone="danger")


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
