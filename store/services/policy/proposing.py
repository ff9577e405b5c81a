"""Changing the policy: the files on disk become a request of their own kind, and after its approvals, the rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import TYPE_CHECKING

from store import archive
from store.domain import change_steps as steps
from store.domain import events as ev
from store.domain import policy_change
from store.domain.change import Change, request_digest
from store.domain.component import ComponentRef
from store.domain.policy.compare import Changed, changes, loosened
from store.domain.policy.in_force import PLACE
from store.domain.policy.reading import read_policy
from store.domain.release import Release, ReleaseFile
from store.errors import BadInput, IntegrityFailure, NotFound, Refusal
from store.integrity.canonical import canonical_bytes
from store.integrity.entry import Entry
from store.services.acting import perform
from store.services.attempts import attempt
from store.services.context import Actor, Context, Source, named, next_id, recorded
from store.services.identity.people import principals
from store.services.policy.files import on_disk_policy
from store.services.requests import vouching
from store.services.requests.reading import change_of

if TYPE_CHECKING:  # the rules' own types are slow to import
    from store.domain.policy import Policy

DOCUMENT = "policy.json"
"""The one file of a policy's release: the whole policy in canonical JSON."""
_MOST_WHAT = 40


@attempt("propose a policy")
def propose(context: Context, actor: Actor, *, title: str, why: str, risk: str = "medium") -> tuple[Entry, ...]:
    """Ask for the policy in `policies/` to come into force: a request that is submitted at once.

    Raises:
        BadPolicy: the files hold something else than they may.
        BadInput: there are none, or they say what is in force already; or no reason is given.
        Refusal: the actor may not open a request for everything; or nobody could change the policy afterwards.
    """
    policy, texts = on_disk_policy(context.root, principals(context.ledger))
    release = release_of(policy)
    blobs = [policy.canonical, _manifest(policy), release.to_bytes(), *(text.encode() for text in texts.values())]

    def decide(source: Source) -> Sequence[ev.Event]:
        old, people = context.policy, principals(source)
        if policy.digest == old.digest:
            raise BadInput("the files say what is in force already: there is nothing to propose")
        end = policy_change.dead_end(old, policy, people, context.now)
        if end is not None:
            raise Refusal([end], would_unblock=["enrol more approvers first, or ask for fewer approvals"])
        opened = _opened(source, policy, release, old, ev.RequestContent(title=title, why=why, risk=risk))
        steps.open_request(opened, actor=actor.handle, people=people, policy=old, at=context.now)
        return _submitted(opened, policy, old, texts)

    return perform(context, actor, decide, blobs=blobs)


@attempt("adopt a policy")
def adopt(context: Context, actor: Actor, request: str) -> Entry:
    """Bring an approved policy into force, from the next entry on.

    Raises:
        BadInput: the request is about something else than the policy.
        Refusal: not approved, not the actor's to do, or another policy came into force meanwhile.
        IntegrityFailure: what the archive holds is not what was approved.
    """

    def decide(source: Source) -> Sequence[ev.Event]:
        change = change_of(source, request)
        proposed = proposal(source, request)
        people = principals(source)
        policy_change.check_adoptable(
            change, proposed, actor=actor.handle, people=people, rules=context.rules, at=context.now
        )
        doubts = vouching.doubts(context.ledger, source, change, context.policies.at, context.now)
        if doubts:
            raise Refusal(doubts, would_unblock=["quarterdeck verify names the entries; propose the policy again"])
        policy = _checked(context, change, proposed)
        end = policy_change.dead_end(context.policy, policy, people, context.now)
        if end is not None:
            raise Refusal([end], would_unblock=["enrol more approvers first, or ask for fewer approvals"])
        return [
            ev.PolicyAdopted(
                request=request,
                project=PLACE,
                environment=PLACE,
                policy=proposed.policy,
                previous=proposed.previous,
                files=proposed.files,
                digest=change.digest,
                lapses=True,
            )
        ]

    return perform(context, actor, decide)[0]


def proposal(source: Source, request: str) -> ev.PolicyProposed:
    """Return what a policy request proposes. Raises BadInput for a request about anything else."""
    for record in recorded(source.entries(kinds=["policy.proposed"], on={"request": request})):
        if isinstance(record.event, ev.PolicyProposed):
            return record.event
    raise BadInput(f"{request} does not change the policy: quarterdeck deploy {request}")


def release_of(policy: Policy) -> Release:
    """Return a policy as the release of one file that approvals and requests refer to."""
    part = ComponentRef(id=DOCUMENT, name=DOCUMENT, kind="policy", digest=policy.digest, artifact=policy.digest)
    manifest = sha256(_manifest(policy)).hexdigest()
    file = ReleaseFile(name=DOCUMENT, artifact=policy.digest, manifest=manifest, platform="generic")
    return Release(files=(file,), components=(part,))


def _manifest(policy: Policy) -> bytes:
    return canonical_bytes([{"digest": policy.digest, "id": DOCUMENT, "kind": "policy", "name": DOCUMENT}])


def _opened(
    source: Source, policy: Policy, release: Release, old: Policy, content: ev.RequestContent
) -> ev.RequestOpened:
    request = named("CR", next_id(source, "CR", ["request.opened"], "request"))
    told = ev.RequestContent(
        title=content.title,
        why=content.why,
        risk=content.risk,
        what=_words(changes(old, policy)),
        success=f"the policy {policy.digest[:12]} is in force",
        impact="everybody who opens, approves or deploys a request from then on",
        rollback_plan=f"propose the policy {old.digest[:12]} again",
    )
    target = ev.ReleaseRef(
        release=policy.digest, manifest=sha256(release.to_bytes()).hexdigest(), files=1, components=1
    )
    return ev.RequestOpened(
        request=request,
        project=PLACE,
        environment=PLACE,
        content=told,
        target=target,
        digest=request_digest(request, PLACE, PLACE, told, target),
        base=old.digest,
    )


def _submitted(opened: ev.RequestOpened, policy: Policy, old: Policy, texts: Mapping[str, str]) -> Sequence[ev.Event]:
    about = {"request": opened.request, "project": PLACE, "environment": PLACE}
    files = tuple(ev.PolicyFile(name=name, artifact=sha256(text.encode()).hexdigest()) for name, text in texts.items())
    loosens = loosened(old, policy)
    shown = tuple(words[:300] for words in loosens[:_MOST_WHAT])
    return [
        opened,
        ev.PolicyProposed(**about, policy=policy.digest, previous=old.digest, files=files, loosens=shown),
        ev.RequestSubmitted(**about, digest=opened.digest),
        policy_change.assessed(opened.request, opened.digest, opened.content.risk, old, loosens),
        ev.GateEvaluated(
            **about,
            gate=policy_change.GATE,
            passed=True,
            reason=(
                f"{len(texts)} {'file is' if len(texts) == 1 else 'files are'} read without a fault and leave a way to"
                " change them again"
            ),
            digest=opened.digest,
            phase="submit",
        ),
    ]


def _words(found: Sequence[Changed]) -> str:
    lines = [f"{one.key}: {one.old or 'nothing'} → {one.new or 'nothing'}"[:200] for one in found[:_MOST_WHAT]]
    more = [f"and {len(found) - _MOST_WHAT} more"] if len(found) > _MOST_WHAT else []
    return "; ".join([*lines, *more])


def _checked(context: Context, change: Change, proposed: ev.PolicyProposed) -> Policy:
    """Return the proposed policy, read again from the archived files: they must say what was approved."""
    with context.ledger.reading() as connection:
        try:
            texts = {one.name: archive.get(connection, one.artifact).decode() for one in proposed.files}
        except NotFound as missing:
            raise IntegrityFailure(f"a file of {change.id} is not in the archive: {missing}") from missing
    policy = read_policy(texts)
    if not policy.digest == proposed.policy == change.target.release:
        raise IntegrityFailure(f"the archived files of {change.id} do not say the policy that was approved")
    return policy
