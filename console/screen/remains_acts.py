"""A deployment that failed on the way, from any screen: finish it, or take it back."""

from __future__ import annotations

from time import monotonic
from typing import Any

from console.presentation.remains import remains_lines
from console.presentation.spans import line
from console.presentation.times import lasted
from console.presentation.words import counted
from console.screen.desk import Desk
from console.screen.pane import Pane
from console.screen.rollback_dialog import confirm_undo
from console.widgets.dialogs import Confirm
from store.domain.severity import is_production
from store.services.delivery import deploying
from store.services.delivery.remains import Remains, remains


def why_not(name: str, found: Remains | None, subject: str) -> str | None:
    """Return why `resume` or `takeback` cannot be done on what the cursor is on, with what would unblock it."""
    if found is None:
        return f"{subject} is no deployment that failed and still stands: nothing to finish or to take back"
    return "\n".join(found.resume_blocked if name == "resume" else found.undo_blocked) or None


async def finish(pane: Pane[Any], desk: Desk, deployment: str) -> None:
    """Show which components are done and which are left, ask, push the rest, and say how it went."""
    context = desk.context
    found = await pane.fetch(lambda: remains(context, deployment, desk.handle), doing=f"reading {deployment}")
    left = len(found.untouched) + len(found.unsure)
    answer = await pane.ask(
        Confirm(
            f"{deployment}: {found.project} ({found.request})",
            [
                *remains_lines(found),
                line(
                    ("then     ", "muted"),
                    f"{counted(left, 'component')} left to push; gates run again, all is read back",
                )
                if found.known
                else line(("then     ", "muted"), "the release is pushed again; gates run again, all is read back"),
            ],
            verb="finish",
            environment=found.environment if is_production(found.environment) else None,
        )
    )
    if not answer.confirmed:
        pane.say("nothing was changed", tone="info")
        return
    started, doing = monotonic(), f"finishing {deployment}"
    outcome = await pane.perform(
        lambda: deploying.resume(
            context, desk.me(), deployment, progress=lambda words: pane.tell(f"{doing}: {words} …")
        ),
        doing=doing,
    )
    took = lasted(monotonic() - started)
    if outcome.verified:
        pane.say(f"verified {outcome.deployment}: {found.request} is live in {found.environment} after {took}")
    else:
        pane.say(f"{outcome.deployment} failed after {took}: {outcome.reason}", tone="danger")


async def take_back(pane: Pane[Any], desk: Desk, deployment: str) -> None:
    """Show what taking it back changes, ask, do it, and say how it went."""
    found = await pane.fetch(lambda: remains(desk.context, deployment, desk.handle), doing=f"reading {deployment}")
    await confirm_undo(pane, desk, deployment, record=remains_lines(found))
