"""The way of a release through environments: forward, one step at a time, byte for byte the same."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from store.domain import events as ev
from store.domain.change import Change
from store.errors import Refusal

if TYPE_CHECKING:  # the rules' own types are slow to import
    from store.domain.policy import Policy


def check_promotable(
    change: Change,
    *,
    to: str,
    live: ev.ReleaseRef | None,
    quarantined: str | None,
    environments: Iterable[str],
    policy: Policy,
) -> None:
    """Let the release of `change` go on to the environment `to`, or raise Refusal with every reason.

    `live` is what is desired where the request went; `environments` are all there are.
    """
    reasons: list[str] = []
    unblock: list[str] = []
    if live is None or live.release != change.target.release:
        reasons.append(f"{change.id} is not live in {change.environment}: only a live release is promoted")
        to_come = change.state in {"in review", "approved", "deploying"}
        unblock.append(
            f"quarterdeck deploy {change.id}"
            if to_come
            else f"promote the request that is live in {change.environment}"
        )
    elif live.manifest != change.target.manifest:
        reasons.append(
            f"what is live in {change.environment} only looks the same: its components are those of {change.id},"
            " its bytes are not"
        )
        unblock.append("promote the request that brought those bytes there")
    if quarantined is not None:
        reasons.append(f"the release {change.target.release[:12]} is in quarantine: {quarantined}")
        unblock.append("an admin lifts the quarantine with a reason: quarterdeck quarantine lift")
    wrong = _wrong_way(change.environment, to, environments, policy)
    if wrong is not None:
        reasons.append(wrong)
        unblock.append("the policy says which way releases go: quarterdeck policy show --only environments")
    if reasons:
        raise Refusal(reasons, would_unblock=unblock)


def _wrong_way(before: str, to: str, environments: Iterable[str], policy: Policy) -> str | None:
    """Return why no release goes from `before` to `to`, None where it may."""
    baseline = policy.environment(to).baseline
    if baseline is not None:
        return None if baseline == before else f"releases come to {to} from {baseline}, not from {before}"
    start, end = policy.environment(before).order, policy.environment(to).order
    if not start or not end:
        return None
    if end <= start:
        return f"{to} does not come after {before}: going back is a rollback"
    between = sorted(name for name in environments if start < policy.environment(name).order < end)
    return f"{', '.join(between)} comes between {before} and {to}" if between else None
