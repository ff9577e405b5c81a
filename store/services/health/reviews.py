"""Reviews that are owed: of broken glass, of the policy, of the connectors."""

from __future__ import annotations

from collections.abc import Iterator

from store.domain import events as ev
from store.domain import glass as glass_rules
from store.domain.duties import Duty, due_after, state_of
from store.services.attested import attested, holder_of
from store.services.glass import holding
from store.services.health.look import Look

_SOURCE = "overdue-review"


def glass_reviews(look: Look) -> Iterator[Duty]:
    """Yield every broken glass that nobody has reviewed; while it stands there is nothing to review yet."""
    policy = look.context.policy
    for one in holding.every(look.source).values():
        if one.reviewed_by is not None or one.stands(look.at):
            continue
        place = {"project": one.project or "*", "environment": one.environment}
        able = glass_rules.holders(look.people, policy.break_glass.reviewers, **place, at=look.at)
        barred = set() if policy.separation.breaker_reviews else {one.by}
        yield Duty(
            key=one.id,
            kind="glass-review",
            what=f"review of the glass that {one.by} broke in {one.environment}",
            severity="high",
            state=state_of(one.review_due, look.at),
            since=one.ended or one.until,
            due=one.review_due,
            who=tuple(handle for handle in able if handle not in barred),
            command=f"quarterdeck break-glass review {one.id} --note TEXT",
            mark=f"glass:{one.id}",
            source=_SOURCE,
            project=place["project"],
            environment=place["environment"],
        )


def policy_review(look: Look) -> Iterator[Duty]:
    """Yield the next review of the policy in force, counted from its adoption or its last review."""
    rules = look.context.rules
    days = rules.policy.review_every_days
    if not days:
        return
    base, seq = rules.since or look.began, rules.seq
    kept = attested(look.source, ["policy.reviewed"], holder_of("review the policy"))
    for record in kept:
        event = record.event
        if isinstance(event, ev.PolicyReviewed) and event.policy == rules.policy.digest and record.seq > rules.seq:
            base, seq = record.time, record.seq
    due = due_after(base, days)
    yield Duty(
        key="policy",
        kind="policy-review",
        what=f"review of the policy {rules.policy.digest[:12]}, every {days} days",
        severity="warning",
        state=state_of(due, look.at),
        since=base,
        due=due,
        who=look.able("review the policy"),
        command="quarterdeck policy review --note TEXT",
        mark=f"policy:{seq}",
        source=_SOURCE,
    )


def connector_review(look: Look) -> Iterator[Duty]:
    """Yield the next review of the inventory of connectors, counted from the last one."""
    days = look.context.policy.connector_review_every_days
    if not days:
        return
    base, seq = look.began, 0
    for record in attested(look.source, ["connectors.reviewed"], holder_of("review connectors")):
        base, seq = record.time, record.seq
    due = due_after(base, days)
    yield Duty(
        key="connectors",
        kind="connector-review",
        what=f"review of the connectors, every {days} days",
        severity="warning",
        state=state_of(due, look.at),
        since=base,
        due=due,
        who=look.able("review connectors"),
        command="quarterdeck connectors review --note TEXT",
        mark=f"connectors:{seq}",
        source=_SOURCE,
    )
