"""`notify`: what was told to whom, and what still waits."""

from __future__ import annotations

from dataclasses import asdict

from console.cli.output import complain, emit_json, say, table
from console.cli.session import Session, command
from console.cli.session import group as command_group
from store.errors import BadInput, PlatformFailure
from store.outbox import Message
from store.services.notifying import channels, notifying


@command_group(name="notify")
def notify() -> None:
    """Notices to the channels of quarterdeck.toml: send, list, retry, test."""


@command(notify, name="send")
def notify_send(session: Session) -> int:
    """Tell now what is due; exit status 3 while a channel does not take it. `watch` does this all the time."""
    done = notifying.once(session.context)
    if session.options.json:
        emit_json(asdict(done))
    else:
        say(f"{done.queued} queued, {done.told} told")
    for trouble in done.troubles:
        complain(trouble)
    return 3 if done.troubles else 0


@command(notify, name="list")
def notify_list(session: Session) -> None:
    """List messages, those that still wait first."""
    with notifying.outbox(session.context) as box:
        found = box.listing()
    if session.options.json:
        emit_json([asdict(message) for message in found])
        return
    table(
        [(str(m.seq), m.channel, m.state, str(m.tries), m.title, m.trouble or "") for m in found],
        head=("entry", "channel", "state", "tries", "what", "trouble"),
    )


@command(notify, name="retry")
def notify_retry(session: Session) -> int:
    """Try everything again that was not told yet, also what was given up."""
    with notifying.outbox(session.context) as box:
        count = box.retry()
    done = notifying.once(session.context)
    if session.options.json:
        emit_json({"again": count, "told": done.told, "troubles": done.troubles})
    else:
        say(f"{count} tried again, {done.told} told")
    for trouble in done.troubles:
        complain(trouble)
    return 3 if done.troubles else 0


@command(notify, name="test")
def notify_test(session: Session) -> int:
    """Send a test message to every channel; exit status 3 when one of them does not take it."""
    names = tuple(session.context.config.notify.channels)
    if not names:
        raise BadInput("quarterdeck.toml names no channel: add [notify.channels.NAME] with an Apprise URL")
    message = Message(
        id=0,
        seq=0,
        channel="",
        severity="info",
        title="test",
        body="If you can read this, notices reach you here.",
        state="waiting",
        tries=0,
        told_at=None,
        trouble=None,
    )
    told, troubles = [], []
    for name in names:
        try:
            channels.tell(session.context, name, message)
        except (BadInput, PlatformFailure) as error:
            complain(str(error))
            troubles.append(str(error))
            continue
        told.append(name)
        if not session.options.json:
            say(f"{name} took it")
    if session.options.json:
        emit_json({"told": told, "troubles": troubles})
    return 3 if troubles else 0
