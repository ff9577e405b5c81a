"""Looking through new entries for what is unusual: after they were appended, one after the other, never twice.

Nothing is kept on disk: a new process learns from the acts of the window first. So nobody can hide anything by
editing what was learned, and whoever appends an entry never waits for this.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from store.clock import parse_timestamp
from store.domain import events as ev
from store.domain.anomalies import steps
from store.domain.anomalies.found import Act, Found
from store.domain.anomalies.habits import Habits
from store.domain.anomalies.places import Keys
from store.domain.anomalies.standing import Standing
from store.domain.roles import KINDS
from store.errors import QuarterdeckError
from store.integrity import sshkey, sshsig
from store.integrity.entry import Entry
from store.services.acting import perform
from store.services.anomalies import preceding
from store.services.context import Context, Source, named, next_id, recorded

if TYPE_CHECKING:  # the rules' own types are slow to import
    from store.domain.policy import Anomalies, Policy

JUDGED: Final = timedelta(days=14)
"""What is older is history: it is learned from, and nobody is told of it any more."""
MOST: Final = 20_000
"""Acts that a new process learns from at most."""
_STEPS: Final = ("deployment.verified", "drift.opened")
_KINDS: Final = (*(kind for kind, event in ev.EVENTS.items() if event.SIGNED), *_STEPS)
_ONE_ROUND: Final = 200


class Noticing:
    """What is usual in one workspace, as far as it was read."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._seen = 0
        self._habits = Habits()
        self._keys = Keys()
        self._standing = Standing()
        self._enrolled = 0
        self._newest: Act | None = None
        self._told: set[tuple[str, str | None, str | None, str]] = set()

    def round(self) -> tuple[Entry, ...]:
        """Look at the entries since the last round; record what is unusual, and return those records.

        Raises:
            StorageFailure: the ledger cannot be read or written; the same entries are looked at again.
        """
        head = self._context.ledger.head().size
        if head == self._seen:
            return ()
        first_judged = self._context.clock.now() - JUDGED
        found: list[Found] = []
        for entry, act in self._news(head):
            policy = self._context.policies.at(entry.seq).policy  # what came into force later judges nothing
            found += self._look(entry, act, policy, judged=act.at >= first_judged)
        recorded_ = self._record(found) if found else ()
        self._seen = head
        return recorded_

    def _news(self, head: int) -> Iterator[tuple[Entry, Act]]:
        """Yield the entries since the last round that are judged, oldest first; at first those of the window."""
        ledger = self._context.ledger
        if self._seen:
            news: Iterable[Entry] = ledger.entries(kinds=_KINDS, after=self._seen, until=head)
            yield from ((entry, act) for entry in news if (act := _act(entry)) is not None)
            return
        longest = max(policy.anomalies.window_days for policy in self._context.policies.known())
        window = timedelta(days=longest) + JUDGED
        start = self._context.clock.now() - window
        newest = ledger.entries(kinds=_KINDS, until=head, newest_first=True, limit=MOST)
        acts = [(entry, act) for entry in newest if (act := _act(entry)) is not None and act.at >= start]
        yield from reversed(acts)

    def _look(self, entry: Entry, act: Act, policy: Policy, *, judged: bool) -> list[Found]:
        rules = policy.anomalies
        found: list[Found] = list(self._yes(entry, act, policy)) if act.kind in preceding.WORDS else []
        found = found if judged else []
        if act.kind in {"deployment.started", *_STEPS} and judged:
            found += self._steps(entry, act, rules)
        if act.kind not in _STEPS:
            seen = [*self._habits.judge(act, rules), *self._keys.judge(act, rules), *steps.late(act, self._newest)]
            found += seen if judged else []
            self._habits.learn(act, rules)
            self._keys.learn(act, rules)
            if self._newest is None or act.at > self._newest.at:
                self._newest = act
        return found

    def _yes(self, entry: Entry, act: Act, policy: Policy) -> Iterator[Found]:
        """Yield where a yes stands on whom it was for; who is who is read on as far as that entry."""
        yes = preceding.word(self._context, entry, policy)
        if yes is None:
            return
        for record in recorded(self._context.ledger.entries(kinds=KINDS, after=self._enrolled, until=entry.seq - 1)):
            self._standing.learn(record)
        self._enrolled = entry.seq - 1
        yield from self._standing.judge(act, yes, policy.anomalies)

    def _steps(self, entry: Entry, act: Act, rules: Anomalies) -> Iterator[Found]:
        event = next(recorded([entry])).event
        before = preceding.before(self._context, entry, act, event)
        for one in steps.judge(act, event, before, rules):
            mark = (act.kind, act.project, act.environment, act.at.date().isoformat())
            if isinstance(event, ev.DriftOpened):  # once a place and day: the drifts themselves are told anyway
                if mark in self._told:
                    continue
                self._told.add(mark)
            yield one

    def _record(self, found: Sequence[Found]) -> tuple[Entry, ...]:
        context = self._context
        oldest = min(one.about for one in found)

        def decide(source: Source) -> Sequence[ev.Event]:
            before = recorded(source.entries(kinds=["anomaly.noticed"], after=oldest))
            known = {(e.rule, e.about, e.summary) for one in before if isinstance(e := one.event, ev.AnomalyNoticed)}
            fresh = [one for one in found if (one.rule, one.about, one.summary) not in known][:_ONE_ROUND]
            number = next_id(source, "AN", ["anomaly.noticed"], "anomaly")
            return [_event(context, one, named("AN", number + i)) for i, one in enumerate(fresh)]

        return perform(context, None, decide) if decide(context.ledger) else ()


def _event(context: Context, one: Found, name: str) -> ev.AnomalyNoticed:
    on = next(iter(context.ledger.entries(after=one.about - 1, until=one.about))).statement.on
    return ev.AnomalyNoticed(
        anomaly=name,
        rule=one.rule,
        severity=one.weight,
        about=one.about,
        summary=one.summary,
        measures=tuple(ev.Measure(name=name, value=value) for name, value in one.measures),
        policy=context.policies.at(one.about).policy.digest,
        principal=one.principal,
        also=one.also,
        project=one.project,
        environment=one.environment,
        request=on.get("request"),
        deployment=on.get("deployment"),
    )


def _act(entry: Entry) -> Act | None:
    """Return an entry as the rules see it, None where its time cannot be read."""
    statement = entry.statement
    try:
        at: datetime = parse_timestamp(statement.time)
    except (ValueError, OverflowError):
        return None
    return Act(
        seq=entry.seq,
        at=at,
        kind=statement.kind,
        actor=statement.actor,
        project=statement.on.get("project"),
        environment=statement.on.get("environment"),
        key=_key(entry),
    )


def _key(entry: Entry) -> str:
    """Return whose key signed it; empty for what was signed elsewhere and brought later (its time is from there)."""
    if entry.signature is None or entry.statement.data.get("via") == "imported":
        return ""
    try:
        return _fingerprint(sshsig.signing_key(entry.signature))
    except QuarterdeckError:
        return ""


@lru_cache(maxsize=1024)
def _fingerprint(blob: bytes) -> str:
    return sshkey.public_key(blob).fingerprint
