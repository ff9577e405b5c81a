"""Who calls, when no key is named: the principal whose key the ssh-agent holds, on this machine or forwarded to it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from store.domain import roles
from store.domain.roles import Principals
from store.domain.signatures import NOTHING, demand_of
from store.errors import BadInput, Refusal
from store.integrity.agent import AgentSigner, agent_keys
from store.integrity.sshkey import PublicKey
from store.services.context import Actor, Context
from store.services.identity import door
from store.services.identity.people import bare_line, principals

Announce = Callable[[PublicKey], None]
"""Called right before a hardware key is asked to sign, for who should touch it now."""

_SHOWN = 5


def by_agent(
    context: Context,
    agent: Path,
    *,
    as_name: str | None = None,
    announce: Announce | None = None,
    act: str | None = "act",
) -> Actor:
    """Return who acts: the principal that a key in the ssh-agent belongs to. May take seconds; asks for no touch.

    Of several keys of one person the agent's first is taken; a hardware key where policy demands one. `act` says
    what for, should they be turned away; None where somebody only looks, which is no attempt at anything.

    Raises:
        BadInput: the agent cannot be reached, holds nothing that may sign here, or the keys of several principals
            while `as_name` names none.
        Refusal: its keys are nobody's here, were revoked, or are not those of `as_name`.
    """
    held = _held(agent)
    people = principals(context.ledger)
    with door.watched(context, act, keys=held, people=people):
        handle, keys = _one_of(people, held, as_name)
    demanding = demand_of([context.policy]) != NOTHING
    key = min(keys, key=lambda one: demanding and not one.hardware)
    return Actor(handle=handle, signer=AgentSigner(agent, key, announce=announce))


def _one_of(people: Principals, held: Sequence[PublicKey], as_name: str | None) -> tuple[str, Sequence[PublicKey]]:
    """Return whose keys these are, and those of theirs."""
    owned: dict[str, list[PublicKey]] = {}
    for key in held:
        owner = people.owner_of(bare_line(key))
        if owner is not None:
            owned.setdefault(owner.handle, []).append(key)
    if not owned:
        raise _strangers(people, held)
    if as_name is not None and as_name not in owned:
        raise Refusal(
            [f"no key in the ssh-agent is {roles.shown(as_name)}'s: it holds keys of {', '.join(sorted(owned))}"],
            would_unblock=[f"ssh-add the key of {roles.shown(as_name)}, or name it with --key PATH"],
        )
    if as_name is None and len(owned) > 1:
        raise BadInput(f"the ssh-agent holds keys of {', '.join(sorted(owned))}: say who you are with --as NAME")
    handle = as_name or next(iter(owned))
    return handle, owned[handle]


def only_key(agent: Path, *, announce: Announce | None) -> AgentSigner:
    """Return what signs with the one key in the ssh-agent; where no ledger can say whose key is whose.

    Raises:
        BadInput: it holds none, or several.
    """
    held = _held(agent)
    if len(held) > 1:
        raise BadInput(f"the ssh-agent holds {len(held)} keys: name yours with --key FILE.pub")
    return AgentSigner(agent, held[0], announce=announce)


def one_key(agent: Path, public: PublicKey, *, announce: Announce | None) -> AgentSigner:
    """Return what signs with this key in the ssh-agent.

    Raises:
        BadInput: the agent does not hold it.
    """
    if public not in agent_keys(agent):
        raise BadInput(f"the ssh-agent does not hold {public.fingerprint}: ssh-add it, or name the private key file")
    return AgentSigner(agent, public, announce=announce)


def _held(agent: Path) -> Sequence[PublicKey]:
    held = agent_keys(agent)
    if not held:
        raise BadInput(
            "the ssh-agent holds no key that may sign here (or is locked): ssh-add your key, or --key PATH"
            " (over ssh, add it where you sit and connect with ssh -A)"
        )
    return held


def _strangers(people: Principals, held: Sequence[PublicKey]) -> Refusal:
    """Return why none of these keys counts: each reason, the revoked ones first."""
    refusals: list[Refusal] = []
    for key in held:
        try:
            roles.vouched(people, bare_line(key), fingerprint=key.fingerprint)
        except Refusal as refusal:
            refusals.append(refusal)
    refusals.sort(key=lambda one: "revoked" not in str(one))
    reasons = [reason for one in refusals[:_SHOWN] for reason in one.reasons]
    if len(held) > _SHOWN:
        reasons.append(f"nor do the other {len(held) - _SHOWN} keys in the ssh-agent")
    return Refusal(reasons, would_unblock=[hint for one in refusals[:_SHOWN] for hint in one.would_unblock])
