"""Findings: who may open, hand over and close them, and what nobody can do to one by the back door."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from support.scene import Scene
from support.tampering import plain_sql, smuggle

from store.clock import parse_timestamp, timestamp
from store.domain import events as ev
from store.domain.policy import Policy, Separation
from store.errors import BadInput, NotFound, Refusal
from store.integrity.entry import Statement
from store.ledger.report import Verdict
from store.projections import findings as rows
from store.services import incidents
from store.services.acting import statement_of
from store.services.audit.verifying import Scope, verify_workspace
from store.services.context import Actor, Context
from store.services.findings import handling
from store.services.findings.handling import Wanted
from store.services.health import raising
from store.services.policy import reviewing


def auditor(scene: Scene) -> Actor:
    return scene.enrol("aud", "auditor")


def opened(scene: Scene, by: Actor, **wanted: str) -> str:
    entry = handling.open_finding(scene.context, by, Wanted(**{"title": "keys are shared"} | wanted))
    return entry.statement.on["finding"]


def row(context: Context, finding: str) -> rows.FindingRow:
    with context.ledger.reading() as connection:
        found = rows.one(connection, finding)
    assert found is not None
    return found


def days_after(scene: Scene, days: float) -> str:
    return timestamp(scene.clock.at + timedelta(days=days))


def test_a_finding_is_opened_handed_over_talked_about_and_closed_with_what_was_done(scene: Scene) -> None:
    aud = auditor(scene)
    assert opened(scene, aud, severity="high", about="2") == "FND-0001"
    handling.assign(scene.context, aud, "FND-0001", assignee="cy", note="yours")
    handling.note(scene.context, scene.cy, "FND-0001", "ordered new keys")
    handling.close(scene.context, aud, "FND-0001", done="everybody has a key of their own")
    found = row(scene.context, "FND-0001")
    assert (found.state, found.assignee, found.about, found.closed_by) == ("closed", "cy", "#2", "aud")
    assert found.done == "everybody has a key of their own"
    with scene.context.ledger.reading() as connection:
        steps = [(step.actor, step.step) for step in rows.story(connection, "FND-0001")]
    assert steps == [("aud", "opened"), ("aud", "assigned"), ("cy", "noted"), ("aud", "closed")]
    for late in (
        lambda: handling.close(scene.context, aud, "FND-0001", done="again"),
        lambda: handling.note(scene.context, scene.cy, "FND-0001", "late"),
        lambda: handling.assign(scene.context, aud, "FND-0001", assignee="bo"),
    ):
        with pytest.raises(Refusal, match="was closed by aud"):
            late()


def test_it_is_due_when_policy_says_by_its_severity(scene: Scene) -> None:
    aud = auditor(scene)
    for severity, days in (("critical", 3), ("high", 14), ("warning", 30), ("info", 90)):
        found = row(scene.context, opened(scene, aud, severity=severity))
        left = parse_timestamp(found.due) - parse_timestamp(found.opened_at)
        assert 0 <= days * 86_400 - left.total_seconds() < 60


@pytest.mark.parametrize("who", ["bo", "cy", "dana"])
def test_who_is_no_auditor_and_no_admin_neither_opens_nor_hands_over_nor_closes_one(scene: Scene, who: str) -> None:
    aud = auditor(scene)
    opened(scene, aud)
    before = scene.acts
    actor = scene.actor(who)
    for act, words in (
        (lambda: opened(scene, actor), "open"),
        (lambda: handling.assign(scene.context, actor, "FND-0001", assignee=who), "assign"),
        (lambda: handling.close(scene.context, actor, "FND-0001", done="never mind"), "close"),
    ):
        with pytest.raises(Refusal, match=f"{who} may not {words} a finding.*auditor or admin") as refused:
            act()
        assert refused.value.would_unblock == ("alice, aud could do it",)
    assert scene.acts == before  # but that each was refused


def test_a_role_for_one_project_does_not_reach_a_finding_about_another(scene: Scene) -> None:
    aud = auditor(scene)
    scene.live()
    narrow = scene.enrol("nora", "auditor@crm/*")
    opened(scene, aud, about="DEP-0001")
    with pytest.raises(Refusal, match="nora may not close a finding on orders/prod"):
        handling.close(scene.context, narrow, "FND-0001", done="fine")
    with pytest.raises(Refusal, match="nora may not open a finding"):
        opened(scene, narrow)


def test_whoever_was_ever_to_see_to_it_cannot_close_it_even_after_handing_it_on(scene: Scene) -> None:
    aud = auditor(scene)
    opened(scene, aud, assignee="aud")
    handling.assign(scene.context, aud, "FND-0001", assignee="cy")
    with pytest.raises(Refusal, match="separation of duties: aud was to see to FND-0001") as refused:
        handling.close(scene.context, aud, "FND-0001", done="done")
    assert refused.value.would_unblock == ("alice could do it",)
    lenient = scene.context.under(Policy(separation=Separation(assignee_closes=True)))
    handling.close(lenient, aud, "FND-0001", done="done")


def test_policy_may_say_that_who_opened_it_does_not_close_it(scene: Scene) -> None:
    aud = auditor(scene)
    opened(scene, aud)
    strict = scene.context.under(Policy(separation=Separation(opener_closes=False)))
    with pytest.raises(Refusal, match="separation of duties: aud opened FND-0001"):
        handling.close(strict, aud, "FND-0001", done="done")
    handling.close(strict, scene.alice, "FND-0001", done="done")


def test_no_finding_is_due_in_the_past_or_later_than_policy_says(scene: Scene) -> None:
    aud = auditor(scene)
    for wrong in ("2001-01-01", timestamp(scene.clock.at), "0001-01-01T00:00:00+14:00", "soon", "9" * 400, ""):
        with pytest.raises(BadInput):
            opened(scene, aud, due=wrong)
    with pytest.raises(Refusal, match="policy wants a finding of severity high closed by"):
        opened(scene, aud, severity="high", due=days_after(scene, 15))
    opened(scene, aud, severity="high", due=days_after(scene, 2))
    with pytest.raises(BadInput, match="has passed already"):
        handling.assign(scene.context, aud, "FND-0001", assignee="cy", due="2020-05-05", note="sooner")
    with pytest.raises(BadInput, match="needs the reason"):
        handling.assign(scene.context, aud, "FND-0001", assignee="cy", due=days_after(scene, 5))
    handling.assign(scene.context, aud, "FND-0001", assignee="cy", due=days_after(scene, 5), note="holidays")
    assert "holidays" in str(scene.entries(kind="finding.assigned")[-1].statement.data)
    left = parse_timestamp(row(scene.context, "FND-0001").due) - scene.clock.at
    assert timedelta(days=4, hours=23) < left < timedelta(days=5)


def test_nobody_gives_themselves_more_time(scene: Scene) -> None:
    aud = auditor(scene)
    opened(scene, scene.alice, assignee="aud", severity="critical")
    scene.clock.advance(days=2)
    with pytest.raises(Refusal, match="cannot give themselves another day"):
        handling.assign(scene.context, aud, "FND-0001", assignee="aud", due=days_after(scene, 2), note="busy")
    with pytest.raises(Refusal, match="cannot give themselves another day"):
        handling.assign(scene.context, aud, "FND-0001", assignee="cy", due=days_after(scene, 2), note="busy")


@pytest.mark.parametrize(
    "wrong",
    [
        {"title": "  "},
        {"severity": "medium"},
        {"source": "rumour"},
        {"about": "CR-9999"},
        {"about": "BG-0001"},
        {"about": "EX-0001"},
        {"about": "999999"},
        {"about": "moon"},
        {"about": "9" * 5000},
        {"assignee": "nobody"},
    ],
)
def test_what_makes_no_sense_is_not_recorded(scene: Scene, wrong: dict[str, str]) -> None:
    aud = auditor(scene)
    before = scene.size
    with pytest.raises(BadInput):
        opened(scene, aud, **wrong)
    assert scene.size == before


def test_closing_says_what_was_done_and_only_what_exists_is_closed(scene: Scene) -> None:
    aud = auditor(scene)
    opened(scene, aud)
    with pytest.raises(BadInput, match="--done"):
        handling.close(scene.context, aud, "FND-0001", done=" ")
    with pytest.raises(NotFound):
        handling.close(scene.context, aud, "FND-0002", done="done")
    with pytest.raises(NotFound):
        incidents.annotate(scene.context, aud, "FND-0002", "note")


def test_it_can_be_annotated_after_it_was_closed(scene: Scene) -> None:
    aud = auditor(scene)
    opened(scene, aud)
    handling.close(scene.context, aud, "FND-0001", done="done")
    entry = incidents.annotate(scene.context, scene.cy, "FND-0001", "it came back")
    assert entry.statement.on["finding"] == "FND-0001"


def smuggled(scene: Scene, event: ev.Event, actor: str, signer: str | None) -> Statement:
    statement = statement_of(scene.context, event, actor)
    signature = scene.actor(signer).signer.sign(statement.bytes()) if signer else None
    smuggle(scene.context, statement, signature)
    return statement


@pytest.mark.parametrize("signer", [None, "bo"])
def test_a_closing_that_nobody_signed_who_may_closes_nothing(scene: Scene, signer: str | None) -> None:
    aud = auditor(scene)
    opened(scene, aud)
    smuggled(scene, ev.FindingClosed(finding="FND-0001", done="trust me"), "aud", signer)
    assert handling.every(scene.context.ledger)["FND-0001"].closed_by is None
    assert verify_workspace(scene.context, scope=Scope()).verdict is Verdict.INVALID
    handling.close(scene.context, aud, "FND-0001", done="really done")


def test_a_closing_signed_by_somebody_without_the_right_counts_for_nothing(scene: Scene) -> None:
    aud = auditor(scene)
    opened(scene, aud)
    smuggled(scene, ev.FindingClosed(finding="FND-0001", done="trust me"), "cy", "cy")
    smuggled(scene, ev.FindingAssigned(finding="FND-0001", assignee="aud", due="2099-01-01T00:00:00Z"), "cy", "cy")
    one = handling.every(scene.context.ledger)["FND-0001"]
    assert (one.closed_by, one.assignee) == (None, None)
    assert one.due < "2099"


def test_a_secret_that_somebody_writes_into_a_finding_is_not_kept(scene: Scene) -> None:
    aud = auditor(scene)
    secret = "ghp_9Fz2kQ8sLw3xVb7nTc5mRj1hYd6pGa4eU0iO"
    opened(scene, aud, title=f"this was in the flow: {secret}", summary=secret)
    handling.close(scene.context, aud, "FND-0001", done=f"revoked {secret}")
    assert all(secret not in entry.body.decode() for entry in scene.entries(after=scene.size - 2))


def test_under_the_lock_the_second_of_two_closings_is_refused(scene: Scene) -> None:
    aud = auditor(scene)
    opened(scene, aud)
    real = aud.signer

    class Slow:
        public = real.public

        def sign(self, message: bytes) -> bytes:
            handling.close(scene.context, scene.alice, "FND-0001", done="first")
            return real.sign(message)

    with pytest.raises(Refusal, match="was closed by alice"):
        handling.close(scene.context, replace(aud, signer=Slow()), "FND-0001", done="second")


def test_one_changed_byte_in_any_entry_about_a_finding_is_told(scene: Scene) -> None:
    aud = auditor(scene)
    first = scene.size
    opened(scene, aud, severity="critical", assignee="cy")
    scene.clock.advance(days=2)
    raising.once(scene.context)
    scene.clock.advance(days=2)
    raising.once(scene.context)
    handling.assign(scene.context, aud, "FND-0001", assignee="bo", note="cy is away")
    handling.note(scene.context, scene.bo, "FND-0001", "on it")
    handling.close(scene.context, aud, "FND-0001", done="done")
    reviewing.review(scene.context, scene.dana, scene.context.policy.digest, note="read")
    raising.once(scene.context.under(Policy(review_every_days=1)))
    scene.clock.advance(days=2)
    raising.once(scene.context.under(Policy(review_every_days=1)))
    told = {entry.statement.kind: entry.seq for entry in scene.entries(after=first)}
    wanted = {kind for kind in ev.EVENTS if kind.startswith(("finding.", "duty."))} | {"policy.reviewed"}
    assert wanted <= set(told)
    incidents.annotate(scene.context, aud, "1", "the newest entry is another")
    for kind in sorted(wanted):
        with tampered(scene.context, told[kind]):
            report = verify_workspace(scene.context, scope=Scope())
        assert report.verdict is Verdict.INVALID, kind
        assert told[kind] in {problem.seq for problem in report.problems}, kind
    assert verify_workspace(scene.context, scope=Scope()).ok


@contextmanager
def tampered(context: Context, seq: int) -> Iterator[None]:
    """Change the year in one entry as somebody with the file would, for a while."""
    with plain_sql(context.ledger.path) as connection:
        (trigger,) = connection.execute("SELECT sql FROM sqlite_schema WHERE name = 'entry_no_update'").fetchone()
        (body,) = connection.execute("SELECT body FROM entry WHERE seq = ?", (seq,)).fetchone()

        def write(changed: bytes) -> None:
            connection.execute("DROP TRIGGER entry_no_update")
            connection.execute("UPDATE entry SET body = ? WHERE seq = ?", (changed, seq))
            connection.execute(trigger)

        write(body.replace(b'"time":"20', b'"time":"21', 1))
        yield
        write(body)
