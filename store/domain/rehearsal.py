"""Where the way back of a release may be rehearsed: in an environment that others come after, and never on the last."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from store.domain.roles import Principals, require
from store.errors import Refusal

if TYPE_CHECKING:  # the rules' own types are slow to import
    from store.domain.policy import Policy


def later(environment: str, environments: Iterable[str], policy: Policy) -> list[str]:
    """Return the environments that policy says come after this one: by baseline, order, or where it is rehearsed."""
    order = policy.environment(environment).order
    found = []
    for name in environments:
        if name == environment:
            continue
        rules = policy.environment(name)
        ready = rules.gates.rollback_ready
        if (
            rules.baseline == environment
            or (ready is not None and ready.rehearsed_in == environment)
            or (order and rules.order > order)
        ):
            found.append(name)
    return sorted(found)


def check_rehearsable(
    *,
    actor: str,
    project: str,
    environment: str,
    later: Sequence[str],
    frozen: str | None,
    drifts: Sequence[str],
    people: Principals,
    at: str,
) -> None:
    """Let `actor` rehearse a rollback here, or raise Refusal with every reason."""
    reasons: list[str] = []
    unblock: list[str] = []
    try:
        require(people, actor, "roll back", project=project, environment=environment, at=at)
    except Refusal as refusal:
        reasons += refusal.reasons
        unblock += refusal.would_unblock
    if not later:
        reasons.append(
            f"policy names no environment that comes after {environment}: a rehearsal belongs before the last"
        )
        unblock.append("have the policy say so: environments.NAME.baseline, order, or rollback-ready.rehearsed_in")
    if frozen is not None:
        reasons.append(f"{environment} is frozen: {frozen}")
        unblock.append(f"quarterdeck freeze {environment} --lift --reason …")
    if drifts:
        reasons.append(f"{environment}/{project} has drifted: {', '.join(drifts[:5])}")
        unblock.append("adopt or revert the drift first: quarterdeck drift adopt|revert")
    if reasons:
        raise Refusal(reasons, would_unblock=unblock)
