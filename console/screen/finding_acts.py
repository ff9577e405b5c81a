"""What is done with findings and anomalies, from any screen: each asks for its words and makes one service call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from console.presentation.spans import Line, line
from console.screen.asking import ask_and_record, question
from console.screen.desk import Desk
from console.screen.pane import Pane
from console.screen.words_form import Wanted as Field
from console.screen.words_form import WordsForm
from console.widgets.dialogs import Ask
from store.domain.findings import SOURCES
from store.domain.policy import SEVERITIES
from store.services.anomalies import acknowledging
from store.services.findings import handling
from store.services.findings.handling import Wanted

_NOBODY = ("", "nobody yet")


async def open_finding(pane: Pane[Any], desk: Desk, people: Sequence[str], *, about: str = "") -> None:
    """Ask what is not as it should be, and record it."""
    title = line((" NEW FINDING ", "badge-info"), "  ", ("what is not as it should be", "title"))
    fields = (
        Field(name="title", label="title", hint="what is wrong, in a few words"),
        Field(name="severity", label="severity", options=tuple((name, name) for name in SEVERITIES), value="warning"),
        Field(name="source", label="found by", options=tuple((name, name) for name in SOURCES), value="audit"),
        Field(name="about", label="about", hint="CR-…, DEP-…, BG-…, an entry's number, policy or connectors",
              required=False, value=about),
        Field(name="assignee", label="who sees to it", required=False,
              options=(_NOBODY, *((name, name) for name in people))),
        Field(name="summary", label="more words", required=False, prose=True),
    )  # fmt: skip
    given = await pane.ask(WordsForm(title, fields, verb="record"))
    if given is None:
        return
    wanted = Wanted(
        title=given["title"],
        severity=given["severity"],
        source=given["source"],
        about=given["about"] or None,
        assignee=given["assignee"] or None,
        summary=given["summary"],
    )
    entry = await pane.perform(
        lambda: handling.open_finding(desk.context, desk.me(), wanted), doing="recording the finding"
    )
    pane.say(f"opened {entry.statement.on['finding']}: entry {entry.seq}, due {str(entry.statement.data['due'])[:16]}Z")


async def assign(pane: Pane[Any], desk: Desk, finding: str, people: Sequence[str], *, now: str | None) -> None:
    """Ask who sees to a finding from now on."""
    title = line((f" {finding} ", "badge-info"), ("  who sees to it from now on", "title"))
    fields = (
        Field(name="assignee", label="who", options=tuple((name, name) for name in people), value=now or ""),
        Field(name="due", label="due", hint="another day (RFC 3339); needs a reason", required=False),
        Field(name="note", label="why", hint="for the ledger", required=False, prose=True),
    )
    facts: list[str | Line] = [
        line(("whoever it was ever handed to cannot close it, unless policy lets them", "muted"))
    ]
    given = await pane.ask(WordsForm(title, fields, verb="hand over", facts=facts))
    if given is None:
        return
    entry = await pane.perform(
        lambda: handling.assign(
            desk.context, desk.me(), finding, assignee=given["assignee"], due=given["due"] or None, note=given["note"]
        ),
        doing=f"handing over {finding}",
    )
    pane.say(f"{given['assignee']} sees to {finding}: entry {entry.seq}")


async def note(pane: Pane[Any], desk: Desk, finding: str) -> None:
    """Say something about an open finding."""
    await ask_and_record(
        pane,
        Ask(f"Note on {finding}", placeholder="goes into the ledger under your signature"),
        lambda words: handling.note(desk.context, desk.me(), finding, words),
        doing=f"noting on {finding}",
        done=f"noted on {finding}",
    )


async def close(pane: Pane[Any], desk: Desk, finding: str, title: str) -> None:
    """Ask what was done, and close a finding."""
    caveat = "closed for good: what comes again is a new finding"
    await ask_and_record(
        pane,
        question(f"Close {finding}", title, caveat, wanted="what was done about it"),
        lambda words: handling.close(desk.context, desk.me(), finding, done=words),
        doing=f"closing {finding}",
        done=f"closed {finding}",
    )


async def acknowledge(pane: Pane[Any], desk: Desk, anomaly: str, summary: str) -> None:
    """Ask what an anomaly was, and record that somebody looked."""
    caveat = "you looked, and this is what it was"
    await ask_and_record(
        pane,
        question(f"Acknowledge {anomaly}", summary, caveat, wanted="what it was"),
        lambda words: acknowledging.acknowledge(desk.context, desk.me(), anomaly, note=words),
        doing=f"acknowledging {anomaly}",
        done=f"acknowledged {anomaly}",
    )
