"""Explain a request or deployment: why, what, who, when, tests, approvals, risks accepted, what happened after."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from typing import Final

from store.domain import events as ev
from store.domain.diff import Change, Diff, FieldChange
from store.domain.release import EMPTY
from store.errors import QuarterdeckError
from store.integrity import sshkey, sshsig
from store.integrity.entry import Entry
from store.projections import artifacts, deployments
from store.services import releases
from store.services.audit.inspecting import Signed, inspect
from store.services.context import Context
from store.services.delivery.effects import between
from store.services.diffing import Comparison, comparison_of_request
from store.services.explaining.gathering import Subject, decoded, entries_of, subject_of
from store.services.explaining.page import Page, Said, Section
from store.services.explaining.telling import SECTIONS, section_of, words

_STATED: Final = (
    ("title", "title"), ("why", "why"), ("what", "what"), ("success", "expected outcome"), ("impact", "impact"),
    ("dependencies", "depends on"), ("constraints", "constraints"), ("rollback_plan", "way back"),
    ("template", "template"), ("tests", "test coverage"),
)  # fmt: skip
_COMPONENTS: Final = 60
_LINES: Final = 12
_FILES: Final = 60


def explain(context: Context, subject: str) -> Page:
    """Return the page about `CR-…` or `DEP-…` as of the newest entry.

    Raises:
        NotFound: there is no such thing.
    """
    head = context.ledger.head()
    about = subject_of(context, subject)
    entries = [entry for entry in entries_of(context, about) if entry.seq <= head.size]
    told: dict[str, list[Said]] = {name: [] for name, _, _ in SECTIONS}
    for entry in entries:
        event = decoded(entry)
        told[_section(event, about)].append(_said(context, entry, event))
        if isinstance(event, ev.RiskAssessed):
            told["risk"] += _points(entry, event)
    diff = _comparison(context, about).diff
    told["why"][:0] = _stated(entries)
    told["changes"][:0] = _changes(context, about, entries, diff)
    told["approvals"] = _voided(told["approvals"], entries)
    told["tests"][:0] = [fact for fact in told["why"] if fact.label == "test coverage"]
    told["impact"] += _impact(about, entries, diff)
    told["accepted"][:0] = [fact for fact in told["gates"] if fact.state == "waived"]
    first = about.request or about.deployments[0]
    return Page(
        subject=subject,
        title=about.request.title if about.request else f"{about.deployments[0].cause} {subject}",
        project=first.project,
        environment=first.environment,
        state=first.state,
        sections=tuple(
            Section(id=name, title=title, facts=tuple(told[name]), nothing=nothing) for name, title, nothing in SECTIONS
        ),
        origin=context.ledger.origin,
        size=head.size,
        root=head.root.hex(),
        at=context.now,
    )


def _section(event: ev.Event, about: Subject) -> str:
    mine = {row.id for row in about.deployments}
    match event:
        case ev.RollbackStarted() | ev.RevertStarted() if event.deployment in mine:
            return "deployment"
        case ev.RequestEdited() | ev.RequestSubmitted() | ev.RequestOpened():
            return "why"
        case ev.DriftAdopted() if about.request is not None and event.request == about.request.id:
            return "why"
        case _:
            return section_of(event)


def _voided(facts: Sequence[Said], entries: Sequence[Entry]) -> list[Said]:
    """Return the decisions with those void that were given before the last edit."""
    edited = max((entry.seq for entry in entries if entry.statement.kind == "request.edited"), default=0)
    return [replace(f, state="void") if f.state == "approved" and f.seq < edited else f for f in facts]


def _said(context: Context, entry: Entry, event: ev.Event) -> Said:
    label, text, state = words(event)
    statement = entry.statement
    fact = Said(label=label, text=text, seq=entry.seq, actor=statement.actor, time=statement.time, state=state)
    if entry.signature is None:
        return fact
    if isinstance(event, ev.ApprovalGranted | ev.ApprovalRefused):
        signature = inspect(context, entry.seq).signature
        bad = signature.reason if signature.state is Signed.BAD else ""
        return replace(fact, key=signature.fingerprint, problem=bad)
    try:
        return replace(fact, key=sshkey.public_key(sshsig.signing_key(entry.signature)).fingerprint)
    except QuarterdeckError as error:
        return replace(fact, problem=str(error))


def _stated(entries: Sequence[Entry]) -> list[Said]:
    """Return what the requester states, each with the entry that said it so first."""
    now: dict[str, tuple[str, Entry]] = {}
    for entry in entries:
        event = decoded(entry)
        if isinstance(event, ev.RequestOpened | ev.RequestEdited):
            for name, value in asdict(event.content).items():
                if now.get(name, ("", entry))[0] != value:
                    now[name] = (value, entry)
    return [
        Said(label=label, text=value, seq=entry.seq, actor=entry.statement.actor, time=entry.statement.time)
        for name, label in _STATED
        for value, entry in [now.get(name, ("", entries[0]))]
        if value.strip()
    ]


def _points(entry: Entry, event: ev.RiskAssessed) -> Iterator[Said]:
    for one in event.facts:
        yield Said(label=one.fact, text=f"{one.points} points: {one.because}", seq=entry.seq)
    for wanted in event.owners:
        yield Said(label="owners", text=f"{' or '.join(wanted.owners)} must approve: {wanted.because}", seq=entry.seq)


def _changes(context: Context, about: Subject, entries: Sequence[Entry], diff: Diff) -> Iterator[Said]:
    """Yield the exact files of the release, and each component that changes; the entry is the one that names them."""
    row = about.request or about.deployments[-1]
    seq = _names_release(entries, row.release)
    yield Said(label="release", text=row.release, seq=seq)
    with context.ledger.reading() as connection:
        release = releases.load(connection, row.manifest)
        for file in release.files[:_FILES]:
            known = artifacts.by_digest(connection, file.artifact)
            yield Said(label=file.name, text=f"artifact {file.artifact}", seq=known[0].seq if known else seq)
    if len(release.files) > _FILES:
        yield Said(label="files", text=f"and {len(release.files) - _FILES} more", seq=seq)
    changed = [part for part in diff.components if part.change is not Change.NOISE]
    for part in changed[:_COMPONENTS]:
        text = "; ".join([*part.words[:_LINES], *_fields(part.fields)])[:2000]
        yield Said(label=part.name, text=f"{part.kind} {text}".strip(), seq=seq, state=part.change.value)
    if len(changed) > _COMPONENTS:
        yield Said(label="components", text=f"and {len(changed) - _COMPONENTS} more", seq=seq)


def _fields(fields: Sequence[FieldChange]) -> list[str]:
    paths = [field.path for field in fields if not field.noise]
    return paths[:_LINES] + [f"and {len(paths) - _LINES} more fields"] * (len(paths) > _LINES)


def _impact(about: Subject, entries: Sequence[Entry], diff: Diff) -> Iterator[Said]:
    seq = _names_release(entries, (about.request or about.deployments[-1]).release)
    for fact in diff.impact.facts:
        yield Said(label=fact.code.value, text=fact.words, seq=seq, state=fact.direction.value)


def _comparison(context: Context, about: Subject) -> Comparison:
    if about.request is not None:
        return comparison_of_request(context, about.request.id)
    row = about.deployments[-1]
    with context.ledger.reading() as connection:
        there = deployments.desired(connection, at=row.started_seq, environment=row.environment)
        before = next((one for one in there if one.project == row.project), None)
        old = releases.load(connection, before.manifest) if before is not None else EMPTY
        return between(connection, old, releases.load(connection, row.manifest))


def _names_release(entries: Sequence[Entry], release: str) -> int:
    """Return the entry that first says that it is about this release."""
    for entry in entries:
        target = entry.statement.data.get("target")
        if isinstance(target, dict) and target.get("release") == release:
            return entry.seq
    return entries[0].seq
