"""The acts that are killed in the middle: how each begins, how a person finishes it, and what must have come of it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from soak_ground import must
from support.exports import TAMPERED, V1, V2, document, tabs
from support.git_repository import repository
from support.rolling import plan, release_of
from support.scene import Scene, content
from support.witnesses import by_folder, new_witness, watched_by

from store.errors import Refusal
from store.ledger.verify import verify
from store.projections import artifacts, deployments
from store.projections import requests as request_rows
from store.services import releases
from store.services.audit import backing_up
from store.services.audit.verifying import Scope, verify_workspace
from store.services.context import Context
from store.services.delivery import deploying, rollback
from store.services.delivery.pushing import Outcome as Pushed
from store.services.drift import drifting
from store.services.exports import importing
from store.services.identity import log_key
from store.services.policy import proposing
from store.services.requests import approving, requests
from store.services.sealing import sealing, unsealing
from store.services.witness import cosigning, witness_reach, witnessing
from store.services.witness.cosigning import Outcome

SECRET = "ghp" + "_" + "C4n4ryC4n4ryC4n4ryC4n4ryC4n4ryC4n4ry"  # whole only at run time: no scanner takes it for a leak
LEAKY = tabs(intake=f'msg.token = "{SECRET}";\nreturn msg;', refunds="return msg.refund;")
Result = object
"""What came of an act, comparable, whether it went through at once or was killed and finished."""


@dataclass(frozen=True, kw_only=True)
class Act:
    """One thing that a person or a timer does."""

    prepare: Callable[[Scene], object]
    do: Callable[[Scene], object]
    """Also finishes it, after it was killed and the workspace opened again."""
    came_of: Callable[[Scene], Result]
    half: Callable[[Scene], object] = lambda _: None
    """Looks, before anything is finished, for what a killed act must not leave."""


def _state(scene: Scene) -> str:
    return scene.state("CR-0001")


def _submit(scene: Scene) -> None:
    if _state(scene) == "draft":
        requests.submit(scene.context, scene.cy, "CR-0001")


def _approve(scene: Scene) -> None:
    if not requests.change_of(scene.context.ledger, "CR-0001").good_approvals:
        approving.approve(scene.context, scene.dana, "CR-0001")


def _two_releases(scene: Scene) -> None:
    scene.ingest(document(a=1), name="gone.json")
    scene.live(V1)


def _next_release(scene: Scene) -> None:
    _two_releases(scene)
    scene.ingest(V2)
    scene.ingest(document(b=2), name="sub/new.json")
    scene.approved()


def _deploy(scene: Scene) -> None:
    if _live(scene):
        return
    started = scene.entries(kind="deployment.started")[-1].statement.on
    if started["request"] == "CR-0002":
        _verified(deploying.resume(scene.context, scene.bo, started["deployment"]))
    else:
        _verified(scene.deploy("CR-0002"))


def _verified(outcome: Pushed) -> None:
    """Look at a push that was finished at the first try: what a killed one left is known as its own half."""
    must(outcome.verified, f"not verified: {outcome.reason}")


def _live(scene: Scene) -> bool:
    return scene.state("CR-0002") == "live"


def _whole_if_live(scene: Scene) -> None:
    """A delivery that is called live stands there whole: the files of the release, and no others."""
    if _live(scene):
        must(scene.delivered() == _RELEASE, f"called live, and there stands {sorted(scene.delivered())}")


_RELEASE = {"flows.json": V2, "gone.json": document(a=1), "sub/new.json": document(b=2)}


def _delivered(scene: Scene) -> Result:
    with scene.context.ledger.reading() as connection:
        states = {row.id: row.state for row in request_rows.listing(connection)}
        held = [row.release for row in deployments.quarantined(connection)]
    return scene.delivered(), states, held


def _two_live(scene: Scene) -> None:
    scene.live(V1)
    scene.live(V2)


def _roll_back(scene: Scene) -> None:
    if not _is_back(scene):
        _verified(rollback.roll_back(scene.context, scene.bo, plan(scene), reason="it hurts"))


def _is_back(scene: Scene) -> bool:
    now = releases.desired(scene.context.ledger, "prod", "orders")
    return now is not None and now.target.release == release_of(scene, "CR-0001")


def _whole_if_back(scene: Scene) -> None:
    if _is_back(scene):
        must(scene.delivered() == {"flows.json": V1}, "called rolled back, and something else stands there")


def _drifted(scene: Scene) -> None:
    scene.live(V1)
    (scene.workspace.root / "out/prod/orders/flows.json").write_bytes(TAMPERED)
    scene.observe(TAMPERED)


def _drifts(scene: Scene) -> dict[str, str]:
    standing = drifting.standing(scene.context.ledger, "prod", "orders").values()
    return {drift.id: drift.status for drift in standing}


def _adopt(scene: Scene) -> None:
    if _drifts(scene) == {"DR-0001": "open"}:
        drifting.adopt(scene.context, scene.bo, "DR-0001", content=content(title="keep it"))


def _revert(scene: Scene) -> None:
    if _drifts(scene):
        back = rollback.plan_revert(scene.context, next(iter(_drifts(scene))))
        _verified(rollback.roll_back(scene.context, scene.bo, back, reason="not ours"))


def _sealed(scene: Scene) -> bytes:
    row = sealing.vault(scene.context).get(scene.ingest(LEAKY))
    assert row is not None
    (scene.workspace.root.parent / "sealed-body").write_bytes(row.sealed.body)
    return row.sealed.body


def _shred(scene: Scene) -> None:
    digest = _digest(scene)
    with suppress(Refusal):  # it was shredded before
        data, _ = unsealing.unseal(scene.context, scene.alice, digest, reason="look")
        must(sha256(data).digest() == sha256(LEAKY).digest(), "unsealed, and not what came")
    with suppress(Refusal):
        unsealing.shred(scene.context, scene.alice, digest, reason="leaked")


def _digest(scene: Scene) -> str:
    return scene.entries(kind="artifact.ingested")[-1].statement.on["artifact"]


def _shredded(scene: Scene) -> Result:
    _gone(scene)
    return sealing.vault(scene.context).artifacts(), len(scene.entries(kind="artifact.shredded"))


def _gone_if_well(scene: Scene) -> None:
    """Where verification calls for no second shred, nothing sealed may be left: nobody would come back to it."""
    if scene.entries(kind="artifact.shredded") and verify_workspace(scene.context, scope=Scope()).ok:
        _gone(scene)


def _gone(scene: Scene) -> None:
    body = (scene.workspace.root.parent / "sealed-body").read_bytes()
    for path in scene.workspace.root.rglob("*"):
        must(not path.is_file() or body not in path.read_bytes(), f"{path.name} still holds what was shredded")


def _history(scene: Scene) -> None:
    made = repository(scene.workspace.root.parent / "history")
    for number in range(6):
        data = json.loads(LEAKY if number == 3 else V1)
        data[0]["label"] = f"intake {number}"
        files = {"flows.json": json.dumps(data).encode(), "other.json": document(n=number)}
        made.commit(files, date=f"2020-01-0{number + 1}T03:04:05Z")


def _import(scene: Scene) -> None:
    path = scene.workspace.root.parent / "history"
    importing.import_history(scene.context, path, ".", project="orders", environment="prod")


def _artifacts(scene: Scene) -> Result:
    """Without digests and pseudonyms: both come from keys that each workspace makes for itself."""
    taken = [entry.statement.data for entry in scene.entries(kind="artifact.ingested")]
    origins = [one.get("imported") or {} for one in taken]
    with scene.context.ledger.reading() as connection:
        newest = sorted(row.name for row in artifacts.newest(connection, "orders", "prod"))
    authors = {origin.get("author") for origin in origins}
    versions = [(one["name"], origin.get("commit")) for one, origin in zip(taken, origins, strict=True)]
    return versions, newest, len(authors)


def _rotate(scene: Scene) -> None:
    if not scene.entries(kind="log.key-rotated"):
        log_key.rotate(scene.context, scene.alice, reason="a year has passed")


def _rotated(scene: Scene) -> Result:
    scene.grant_more()
    return len(scene.context.ledger.keys.all)


def _copy(scene: Scene) -> Path:
    return scene.workspace.root.parent / "copies" / "copy.db"


def _back_up(scene: Scene) -> None:
    """Make a copy, hours after one that was killed: what is younger may be somebody's who is still at it."""
    if not _copy(scene).exists():
        for left in _copy(scene).parent.iterdir():
            os.utime(left, (0, 0))
        backing_up.backup(scene.context, _copy(scene))


def _whole_if_there(scene: Scene) -> None:
    if _copy(scene).exists():
        ledger = scene.context.ledger
        report = verify(_copy(scene), heads=(), verifier=ledger.verifier, origin=ledger.origin)
        must(report.ok, f"a copy that is {report.verdict} stands where a backup was asked for")


def _copied(scene: Scene) -> Result:
    """Without the name that it was built under, which a death right after the last step leaves to the same file."""
    _whole_if_there(scene)
    copy = _copy(scene)
    return [path.name for path in copy.parent.iterdir() if path == copy or not path.samefile(copy)]


def _witnessed_by(scene: Scene) -> tuple[Context, Path]:
    stage = scene.workspace.root.parent
    witness = witnessing.open_witness(stage / "one")
    return watched_by(scene.context, by_folder(witness, stage / "exchange")), stage


def _cosign(scene: Scene) -> None:
    """Ask, let the witness answer, ask again: as often as it takes where one of the two died in between."""
    context, stage = _witnessed_by(scene)
    for _ in range(4):
        if all(one.outcome is Outcome.COSIGNED for one in cosigning.cosign(context)):
            return
        for request in (stage / "exchange").iterdir():
            if request.suffix != ".answer" and not request.name.startswith("."):
                answer = witnessing.answer(witnessing.open_witness(stage / "one"), request.read_bytes())
                request.with_suffix(".answer").write_bytes(witness_reach.frame(answer))


def _vouched(scene: Scene) -> Result:
    context, _ = _witnessed_by(scene)
    report = verify_workspace(context, scope=Scope(archive=False, tables=False))
    return report.verdict, report.witnessed == scene.size


def _proposed(scene: Scene) -> None:
    folder = scene.workspace.root / "policies"
    folder.mkdir(exist_ok=True)
    (folder / "policy.toml").write_text("approval_days = 10\n", encoding="utf-8")
    proposing.propose(scene.context, scene.cy, title="Rules", why="we learned")
    for actor in (scene.bo, scene.dana):
        approving.approve(scene.context, actor, "CR-0001")


def _adopt_policy(scene: Scene) -> None:
    if not scene.entries(kind="policy.adopted"):
        proposing.adopt(scene.context, scene.alice, "CR-0001")


ACTS: dict[str, Act] = {
    "ingest": Act(prepare=lambda _: None, do=lambda s: s.ingest(LEAKY), came_of=_artifacts),
    "submit": Act(prepare=lambda s: (s.ingest(), s.open()), do=_submit, came_of=_state),
    "approve": Act(
        prepare=lambda s: (s.ingest(), s.submitted()),
        do=_approve,
        came_of=lambda s: (_state(s), len(s.entries(kind="approval.granted"))),
    ),
    "deploy": Act(prepare=_next_release, do=_deploy, came_of=_delivered, half=_whole_if_live),
    "rollback": Act(prepare=_two_live, do=_roll_back, came_of=_delivered, half=_whole_if_back),
    "drift adopt": Act(
        prepare=_drifted, do=_adopt, came_of=lambda s: (_drifts(s), len(s.entries(kind="request.opened")))
    ),
    "drift revert": Act(prepare=_drifted, do=_revert, came_of=lambda s: (_drifts(s), s.delivered())),
    "unseal, shred": Act(prepare=_sealed, do=_shred, came_of=_shredded, half=_gone_if_well),
    "import-git": Act(prepare=_history, do=_import, came_of=_artifacts),
    "log-key rotate": Act(prepare=lambda _: None, do=_rotate, came_of=_rotated),
    "backup": Act(
        prepare=lambda s: (_copy(s).parent.mkdir(), s.ingest()), do=_back_up, came_of=_copied, half=_whole_if_there
    ),
    "witness, cosign": Act(
        prepare=lambda s: new_witness(s.context, s.workspace.root.parent), do=_cosign, came_of=_vouched
    ),
    "policy adopt": Act(prepare=_proposed, do=_adopt_policy, came_of=lambda s: s.context.policy.digest),
}
