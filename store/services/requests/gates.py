"""The gates of a request: run on submit, when asked for, and again right before a deployment; never cached.

`GATES` puts each rule of `store.domain.gates` together with what it looks at. A gate that breaks has failed. Before
a push, under the ledger's lock, whatever could have changed since the run is looked at again (`hold`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from hashlib import sha256
from typing import Any, Final, Generic, TypeVar

import orjson

from store.domain import events as ev
from store.domain import secrets
from store.domain.change import OPEN_STATES, Change
from store.domain.gates import conditions, contents, passage, reach, reports, standing
from store.domain.gates.naming import PREFIX
from store.domain.gates.verdict import Verdict, bad
from store.domain.gates.wanted import wanted
from store.domain.roles import require
from store.errors import QuarterdeckError, Refusal
from store.services import timing
from store.services.acting import record
from store.services.attempts import attempt
from store.services.context import Actor, Context, Source
from store.services.identity.people import principals
from store.services.requests import assessing
from store.services.requests.looking import Contents, Looking
from store.services.requests.reading import change_of
from store.services.requests.waiving import everything, waiver_of

T = TypeVar("T")
_LONGEST: Final = 500
_MEND: Final = "mend what the gate stumbles over, and run it again: quarterdeck gate run {request}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Gate(Generic[T]):
    """A rule, and how what it looks at is gathered."""

    look: Callable[[Looking], T]
    judge: Callable[[T], Verdict]
    fixed: bool = False
    """What it looks at cannot change as long as the request and the policy do not: it need not look twice."""


GATES: Final[Mapping[str, Gate[Any]]] = {
    "artifact-intact": Gate(look=Looking.files, judge=contents.artifact_intact, fixed=True),
    "schema-valid": Gate(look=Looking.files, judge=contents.schema_valid, fixed=True),
    "secrets-clean": Gate(look=Looking.files, judge=contents.secrets_clean, fixed=True),
    "naming": Gate(look=Looking.names, judge=contents.naming, fixed=True),
    "connectors-allowed": Gate(look=Looking.connectors, judge=reach.connectors_allowed, fixed=True),
    "least-privilege": Gate(look=Looking.privileges, judge=reach.least_privilege, fixed=True),
    "tests-passed": Gate(look=Looking.tests, judge=reports.tests_passed),
    "security-scan": Gate(look=Looking.scans, judge=reports.security_scan),
    "promoted-from": Gate(look=Looking.came, judge=passage.promoted_from),
    "change-window": Gate(look=Looking.moment, judge=standing.change_window),
    "rollback-ready": Gate(look=Looking.back, judge=standing.rollback_ready),
    "no-freeze": Gate(look=Looking.freeze, judge=standing.no_freeze),
    "environment-spec": Gate(look=Looking.specified, judge=standing.environment_spec),
    "approvals": Gate(look=Looking.agreed, judge=standing.approvals),
}
"""Gate → rule and look. A policy's own conditions come beside these, as `condition/NAME`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """What the gates said of a request as it stood."""

    change: Change
    verdicts: tuple[ev.GateEvaluated, ...]
    looking: Looking

    @property
    def failed(self) -> tuple[ev.GateEvaluated, ...]:
        """Those that neither passed nor are waived."""
        return tuple(one for one in self.verdicts if one.stands_in_the_way)


def run(
    context: Context,
    source: Source,
    change: Change,
    *,
    phase: str,
    assessed: ev.RiskAssessed | None = None,
    glass: str | None = None,
) -> Run:
    """Run every gate that the policy in force asks for on the request as it stands.

    `assessed` is its risk as it was found just now. `glass` is what was broken for it: approvals, and nothing else,
    need not be there then, and the verdict says so. Whether it is approved is asked once it could be.
    """
    looking = Looking(
        context=context,
        source=source,
        change=change,
        inside=Contents(context, change),
        at=context.now,
        assessed=assessed,
    )
    names = wanted(context.policy, project=change.project, environment=change.environment)
    could_be = phase == "deploy" or change.state in {"approved", "deploying"}
    asked = [name for name in names if name != "approvals" or could_be]
    return Run(change=change, verdicts=_under(glass, _verdicts(looking, asked, phase)), looking=looking)


def hold(before: Run, source: Source, change: Change, *, glass: str | None = None) -> None:
    """Look again, under the ledger's lock, at whatever can have changed since a run.

    Between it and the push nothing is believed. `change` is the request as `source` has it.

    Raises:
        Refusal: a gate now fails; every one is named.
    """
    looking = replace(before.looking, source=source, change=change, at=before.looking.context.now)
    names = wanted(looking.policy, project=looking.change.project, environment=looking.change.environment)
    gone = [one for one in names if one not in {verdict.gate for verdict in before.verdicts}]
    now_policy = looking.policy.digest != before.looking.policy.digest
    asked = [name for name in names if now_policy or name in gone or not _is_fixed(name)]
    verdicts = [*_under(glass, _verdicts(looking, asked, "deploy")), *_still_waived(before, looking, asked)]
    refuse([one for one in verdicts if one.stands_in_the_way])


def refuse(failed: Sequence[ev.GateEvaluated]) -> None:
    """Raise Refusal for gates that stand in the way; nothing happens where there are none."""
    if failed:
        raise Refusal(
            [f"the gate {verdict.gate} failed: {verdict.reason}" for verdict in failed],
            would_unblock=[verdict.unblock for verdict in failed if verdict.unblock],
        )


@attempt("run gates")
def run_now(context: Context, actor: Actor, request: str) -> Run:
    """Run the gates because somebody asked, and record what they say.

    Raises:
        Refusal: the actor may not, the clock was set back, or nothing can be decided about the request any more.
    """
    timing.check_clock(context, context.ledger)
    change = change_of(context.ledger, request)
    place = {"project": change.project, "environment": change.environment}
    require(principals(context.ledger), actor.handle, "run gates", **place, at=context.now)
    if change.state not in OPEN_STATES:
        raise Refusal([f"{request} is {change.state}: its gates have no say any more"])
    assessed = assessing.assess(context, context.ledger, change, phase="asked")
    found = run(context, context.ledger, change, phase="asked", assessed=assessed)
    record(context, found.verdicts)
    return found


def _verdicts(looking: Looking, names: Sequence[str], phase: str) -> tuple[ev.GateEvaluated, ...]:
    found = [_evaluated(looking, name, phase) for name in names]
    if all(one.passed for one in found):
        return tuple(found)
    waivers = everything(looking.context, looking.source)
    return tuple(one if one.passed else _waived(looking, one, waivers) for one in found)


def _under(glass: str | None, verdicts: tuple[ev.GateEvaluated, ...]) -> tuple[ev.GateEvaluated, ...]:
    """Return the verdicts as they count under broken glass: the approvals, if missing, stand in nobody's way."""
    if glass is None:
        return verdicts
    return tuple(
        replace(one, waived=glass, reason=f"{one.reason[:_LONGEST]}; past them by {glass}")
        if one.gate == "approvals" and one.stands_in_the_way
        else one
        for one in verdicts
    )


def _evaluated(looking: Looking, name: str, phase: str) -> ev.GateEvaluated:
    verdict, inputs = _guarded(_gate(name), looking)
    change = looking.change
    return ev.GateEvaluated(
        request=change.id,
        project=change.project,
        environment=change.environment,
        gate=name,
        passed=verdict.passed,
        reason=secrets.redact(verdict.reason)[:_LONGEST],
        digest=change.digest,
        phase=phase,
        unblock=verdict.unblock[:_LONGEST],
        inputs=inputs,
        policy=looking.policy.digest,
    )


def _guarded(gate: Gate[Any], looking: Looking) -> tuple[Verdict, str]:
    """Return the verdict and the digest of what was looked at; whatever breaks, the gate has not passed."""
    inputs, mend = "", _MEND.format(request=looking.change.id)
    try:
        seen = gate.look(looking)
        inputs = sha256(orjson.dumps(seen, option=orjson.OPT_SORT_KEYS)).hexdigest()
        return gate.judge(seen), inputs
    except Refusal as refusal:
        return bad(str(refusal), "; ".join(refusal.would_unblock) or mend), inputs
    except QuarterdeckError as error:
        return bad(str(error), mend), inputs
    except Exception as error:  # noqa: BLE001 - whatever breaks inside a gate, the gate has not passed
        return bad(f"the gate broke: {type(error).__name__}: {error}", mend), inputs


def _gate(name: str) -> Gate[Any]:
    if not name.startswith(PREFIX):
        return GATES[name]
    return Gate(look=partial(Looking.asked, name=name.removeprefix(PREFIX)), judge=conditions.holds)


def _is_fixed(name: str) -> bool:
    return not name.startswith(PREFIX) and GATES[name].fixed


def _waived(looking: Looking, verdict: ev.GateEvaluated, waivers: Mapping[str, Any]) -> ev.GateEvaluated:
    """Return a verdict that failed with the exception by which that is no obstacle, or as it is."""
    found = waiver_of(waivers, verdict.gate, looking.change, people=looking.people, context=looking.context)
    if found is None:
        return verdict
    words = f"{verdict.reason[:_LONGEST]}; {found.words[:_LONGEST]}"
    return replace(verdict, waived=found.id, reason=words)


def _still_waived(before: Run, looking: Looking, again: Sequence[str]) -> tuple[ev.GateEvaluated, ...]:
    """Return the fixed gates that only an exception let pass, judged by the exceptions that stand now."""
    waived = [one for one in before.verdicts if one.waived and one.gate not in again]
    waivers = everything(looking.context, looking.source) if waived else {}
    return tuple(_waived(looking, replace(one, waived=""), waivers) for one in waived)
