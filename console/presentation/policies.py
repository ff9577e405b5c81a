"""A policy in readable words, its source, and how one differs from another. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields
from datetime import datetime
from typing import TYPE_CHECKING

from console.presentation.spans import Line, fact, line
from console.presentation.text import display_lines
from console.presentation.times import ago
from console.presentation.tokens import tokens
from console.presentation.words import counted, short_digest
from store.clock import parse_timestamp
from store.domain.policy import RISKS, Policy
from store.domain.policy.compare import Changed, listed
from store.domain.policy.gates import Gates, hyphened
from store.services.policy.files import Disk, OnDisk
from store.services.policy.standing import Proposal, Standing

if TYPE_CHECKING:  # the rules' own types are slow to import
    from store.domain.policy.approvals import ApprovalRule
    from store.domain.policy.environments import EnvironmentRules

_LABEL = 11


def standing_lines(found: Standing, disk: OnDisk | None, now: datetime) -> list[Line]:
    """Return which policy this is: its digest, its files, adopted when and by whom; `disk`: what lies in the folder."""
    rules = found.rules
    how = (f"  PAST: as it was at {found.asked}", "warn") if found.asked else ("  in force", "ok")
    head = line(("Policy ", "title"), (rules.policy.digest[:16], "strong"), how)
    lines = [head]
    if rules.since is None:
        lines.append(_fact("since", "built in: nobody has adopted another", ""))
    else:
        when = f"{rules.since[:16]}Z  ({ago(parse_timestamp(rules.since), now)})"
        by = f" by {found.adopted_by}" if found.adopted_by else ""
        lines.append(_fact("adopted", f"{when}{by}", f"  #{rules.seq} {rules.request or ''}"))
    if found.files:
        lines.append(_fact("files", ", ".join(sorted(found.files))))
    if found.preset is not None:
        lines.append(_fact("preset", found.preset, "  the built-in policy of that name says the same"))
    if disk is not None:
        good = disk.state in {Disk.NONE, Disk.ADOPTED}
        mark = ("✓ ", "ok") if good else ("! ", "warn")
        lines.append(fact("on disk", mark, disk.words, room=_LABEL))
    return lines


def _fact(label: str, words: str, more: str = "") -> Line:
    return fact(label, words, (more, "muted"), room=_LABEL)


def rule_lines(policy: Policy) -> list[Line]:
    """Return what a policy demands, in sentences under a few headings."""
    lines: list[Line] = []
    for title, sentences in (
        ("Approvals", _approvals(policy)),
        ("Separation of duties", _separation(policy)),
        ("Environments", _environments(policy)),
        ("Exceptions and broken glass", _exceptions(policy)),
        ("Looked at again", _again(policy)),
    ):
        lines += [line(), line((title, "title"))]
        lines += [line("  ", words) for words in sentences]
    return lines


def _approvals(policy: Policy) -> Iterator[str]:
    for level in RISKS:
        yield f"{level} risk: {_rule(policy.rule(level))}"
    yield f"an approval is good for {counted(policy.approval_days, 'day')}"
    if policy.approval_touch or policy.approval_pin:
        asked = " and ".join([*["a touch"] * policy.approval_touch, *["a PIN"] * policy.approval_pin])
        yield f"an approval counts only by a FIDO key that asked for {asked}"
    yield f"every request states {', '.join(name.replace('_', ' ') for name in policy.mandatory) or 'nothing'}"
    for glob, who in policy.owners.items():
        yield f"{', '.join(who)} answers for {glob}"


def _rule(rule: ApprovalRule) -> str:
    if not rule.people:
        return "nobody has to approve"
    words = [f"{counted(rule.people, 'person', 'people')} must approve"]
    if rule.security:
        words.append("one of them a security approver")
    if rule.roles:
        words.append(f"with the roles {', '.join(rule.roles)}")
    if rule.owners:
        words.append("an owner of each touched component among them")
    if rule.touch or rule.pin:
        words.append("by a FIDO key")
    if rule.fresh_hours:
        words.append(f"within {rule.fresh_hours} h before the deployment")
    if rule.deadline_hours:
        then = f", then it goes on to {', '.join(rule.escalate_to)}" if rule.escalate_to else ""
        words.append(f"within {rule.deadline_hours} h{then}")
    return ", ".join(words)


def _separation(policy: Policy) -> Iterator[str]:
    rules = policy.separation
    for allowed, words in (
        (rules.requester_approves, "approve the request that they opened"),
        (rules.editor_approves, "approve a request that they edited"),
        (rules.requester_deploys, "deploy the request that they opened"),
        (rules.approver_deploys, "deploy a request that they approved"),
        (rules.breaker_reviews, "review the glass that they broke"),
        (rules.waiver_own_request, "waive a gate for their own request"),
        (rules.assignee_closes, "close a finding that they were to see to"),
        (rules.opener_closes, "close a finding that they opened"),
    ):
        yield f"{'one may' if allowed else 'nobody may'} {words}"
    yield f"who wrote the policy waits {rules.policy_editor_hours} h before they approve under it"


def _environments(policy: Policy) -> Iterator[str]:
    if not policy.environments:
        yield "no environment has rules of its own: every gate that is built in runs everywhere"
    for name, rules in policy.environments.items():
        yield f"{name}: {'; '.join(_environment(rules)) or 'nothing of its own'}"


def _environment(rules: EnvironmentRules) -> Iterator[str]:
    if rules.order:
        yield f"place {rules.order} on the way of a release"
    if rules.baseline is not None:
        yield f"releases come from {rules.baseline}"
    if rules.enforce == "revert":
        yield "unauthorised changes are reverted"
    if rules.rollback_failed:
        yield "a failed push is rolled back"
    if rules.risk_points:
        yield f"weighs {counted(rules.risk_points, 'point')}"
    for level, rule in rules.approvals.items():
        yield f"{level} risk: {_rule(rule)}"
    gates = [hyphened(one.name) for one in fields(Gates) if getattr(rules.gates, one.name) is not None]
    if gates:
        yield f"gates: {', '.join(gates)}"


def _exceptions(policy: Policy) -> Iterator[str]:
    waivers, glass = policy.waivers, policy.break_glass
    yield f"{' or '.join(waivers.roles)} may waive a gate for at most {counted(waivers.max_days, 'day')}"
    yield f"never waived: {', '.join(waivers.never) or 'nothing'}"
    if not glass.allowed:
        yield "nobody may break glass"
        return
    yield (
        f"{' or '.join(glass.roles)} may break glass in {', '.join(glass.environments)} for {glass.hours} h"
        f" while an incident is open; reviewed within {glass.review_due_hours} h by {' or '.join(glass.reviewers)}"
    )


def _again(policy: Policy) -> Iterator[str]:
    for days, what in (
        (policy.review_every_days, "the policy"),
        (policy.connector_review_every_days, "the connectors"),
    ):
        yield f"{what}: every {counted(days, 'day')}" if days else f"{what}: nobody is reminded"
    due = ", ".join(f"{severity} {days} d" for severity, days in policy.findings.due_days.items())
    yield f"findings are closed within: {due}"


def source_lines(found: Standing) -> list[Line]:
    """Return the TOML that a policy was adopted from; for the built-in one, every key with its value."""
    if not found.files:
        told = line(("no file was adopted: this is what the built-in policy says, every key", "muted"))
        return [
            told,
            *(line((f"{key} ", "keyword"), "= ", (value, "string")) for key, value in listed(found.rules.policy)),
        ]
    lines: list[Line] = []
    for name in sorted(found.files):
        lines += [line((f"# policies/{name}", "title")), *_toml(found.files[name]), line()]
    return lines


def _toml(text: str) -> list[Line]:
    return [line(*tokens(shown, "toml")) for shown in display_lines(text, width=2_000)]


def change_lines(changed: Sequence[Changed], loosens: Sequence[str]) -> list[Line]:
    """Return how a policy would become another: key by key, what gets easier first."""
    lines = [line(("! easier than before  ", "warn"), words) for words in loosens]
    for one in changed:
        match one:
            case Changed(old=None):
                lines.append(line(("+ ", "add"), (one.key, "strong"), " = ", (one.new or "", "add")))
            case Changed(new=None):
                lines.append(line(("− ", "remove"), (one.key, "strong"), " = ", (one.old or "", "remove")))
            case _:
                lines.append(line(("~ ", "changed"), (one.key, "strong"), ": ", (one.old or "", "remove"),
                                  (" → ", "muted"), (one.new or "", "add")))  # fmt: skip
    return lines or [line(("nothing would change", "muted"))]


def proposal_lines(one: Proposal, now: datetime) -> list[Line]:
    """Return a request that changes the policy; `change_lines` tell what it changes."""
    row = one.row
    asked = f"by {row.requester} {ago(parse_timestamp(row.opened_at), now)}, risk {row.risk}, {row.state}"
    return [
        line((row.id, "title"), (f"  would change the policy to {short_digest(row.release)}", "text")),
        line((row.title, "strong")),
        line((asked, "muted")),
        line(
            ("enter", "key"),
            " opens it to approve or refuse; when approved, ",
            (f"quarterdeck policy adopt {row.id}", "key"),
        ),
    ]


def disk_lines(disk: OnDisk) -> list[Line]:
    """Return how the files on disk differ from the policy in force."""
    if disk.state is Disk.FAULTY:
        return [line(("✗ ", "danger"), str(fault)) for fault in disk.faults]
    return [line(disk.words), *change_lines(disk.changes, ())] if disk.changes else [line(disk.words)]
