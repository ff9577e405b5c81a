"""Gates about the moment and the place: change-window, no-freeze, environment-spec, rollback-ready, approvals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from store.domain.component import Json
from store.domain.gates.verdict import Verdict, bad, good, some
from store.domain.windows import is_open, next_open

if TYPE_CHECKING:  # the rules' own types are slow to import
    from store.domain.policy.gates import ChangeWindow, EnvironmentSpec, RollbackReady


@dataclass(frozen=True, kw_only=True, slots=True)
class Moment:
    """When it would be deployed."""

    at: str
    rule: ChangeWindow


def change_window(seen: Moment) -> Verdict:
    """Let it pass inside a change window, by the window's own wall clock."""
    zone = seen.rule.time_zone
    if is_open(seen.rule, seen.at):
        return good(f"{seen.at} is inside a change window ({zone})")
    opens = next_open(seen.rule, seen.at)
    if opens is None:
        return bad(f"{seen.at} is outside every change window ({zone})", "have the policy name a change window")
    return bad(f"{seen.at} is outside the change windows ({zone})", f"deploy it from {opens} on")


@dataclass(frozen=True, kw_only=True, slots=True)
class Freeze:
    """Whether somebody froze the environment."""

    environment: str
    frozen: str | None
    """Why; None when nobody did."""


def no_freeze(seen: Freeze) -> Verdict:
    """Let it pass where nothing is frozen."""
    if seen.frozen is None:
        return good(f"{seen.environment} takes deployments")
    return bad(
        f"{seen.environment} is frozen: {seen.frozen}", f"quarterdeck freeze {seen.environment} --lift --reason …"
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Specified:
    """The specification of the target."""

    environment: str
    digest: str = ""
    """Empty where there is none."""
    value: Json = None
    damage: str = ""
    """Why it cannot be read any more."""
    rule: EnvironmentSpec


def environment_spec(seen: Specified) -> Verdict:
    """Let it pass where a specification stands, can be read, and says what it has to."""
    again = f"quarterdeck environment spec set {seen.environment} FILE"
    if not seen.digest:
        return bad(f"{seen.environment} has no specification", again)
    if seen.damage:
        return bad(f"the specification {seen.digest[:12]}: {seen.damage}", again)
    missing = [key for key in seen.rule.keys if not _says(seen.value, key)]
    if missing:
        return bad(f"the specification {seen.digest[:12]} does not say {some(missing, ', ')}", again)
    return good(f"the specification {seen.digest[:12]} travels with the deployment")


def _says(value: Json, key: str) -> bool:
    """Say whether a value stands at `key`, a dotted path."""
    for part in key.split("."):
        if not isinstance(value, dict) or part not in value:
            return False
        value = value[part]
    return value not in (None, "", [], {})


@dataclass(frozen=True, kw_only=True, slots=True)
class Back:
    """What would be restored if this had to go back."""

    project: str
    previous: str
    """The release that is desired there now; empty before the first."""
    damage: tuple[str, ...] = ()
    """What of it could not be restored."""
    quarantined: str | None = None
    rehearsed: bool = False
    """A rollback of the release that is to go in was carried out and verified where the policy says."""
    rule: RollbackReady


def rollback_ready(seen: Back) -> Verdict:
    """Let it pass where the release that would be restored exists, verifies, and may go back."""
    if seen.damage:
        return bad(
            f"the release {seen.previous[:12]}, which would be restored, cannot be: {some(seen.damage)}",
            "restore the archive from a backup, or deploy a release that can be restored first",
        )
    if seen.quarantined is not None:
        return bad(
            f"the release {seen.previous[:12]}, which would be restored, is in quarantine: {seen.quarantined}",
            "an admin lifts the quarantine with a reason: quarterdeck quarantine lift",
        )
    if not seen.previous:
        return good("it is the first release here: nothing would be restored, so no way back can be rehearsed")
    where = seen.rule.rehearsed_in
    if where is not None and not seen.rehearsed:
        return bad(
            f"no rollback of this release was rehearsed in {where}",
            f"quarterdeck rollback {where} --project {seen.project} --rehearse",
        )
    return good(f"the release {seen.previous[:12]} is there and its bytes verify")


@dataclass(frozen=True, kw_only=True, slots=True)
class Agreed:
    """What is missing of the approvals, and what stands against those that were given."""

    level: str
    missing: tuple[str, ...]
    doubts: tuple[str, ...]


def approvals(seen: Agreed) -> Verdict:
    """Let it pass with the approvals that environment and risk ask for, none of them in doubt."""
    against = [*seen.missing, *seen.doubts]
    if against:
        return bad(some(against), "quarterdeck approve ID, by somebody who neither opened nor edited it")
    return good(f"approved as {seen.level} risk asks")
