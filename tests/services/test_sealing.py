"""Secrets on their way through: sealed before the append, delivered whole, compared covered, gone after a shred."""

from __future__ import annotations

import gc
import io
import json
import sqlite3
import zipfile
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from types import FunctionType, ModuleType

import pytest
from support.exports import V1, document, tabs
from support.scene import Scene

from store import archive
from store.domain.gates.verdict import good
from store.errors import BadInput, Conflict, NotFound, Refusal
from store.intake.inbox import Root, scan
from store.integrity import sealing as seals
from store.services import diffing, incidents
from store.services.audit import backing_up, bundling
from store.services.audit.verifying import Scope, verify_workspace
from store.services.delivery import rollback
from store.services.exports import ingesting
from store.services.requests.gates import GATES
from store.services.sealing import sealing, unsealing

# Put together at run time, so that no scanner takes this file for a leak.
CANARY = "ghp" + "_" + "C4n4ryC4n4ryC4n4ryC4n4ryC4n4ryC4n4ry"
OTHER = "ghp" + "_" + "0th3r0th3r0th3r0th3r0th3r0th3r0th3r0"


def leaky(secret: str = CANARY, more: str = "") -> bytes:
    """Return flows with a secret in a function, and one in a node's credentials."""
    nodes = json.loads(tabs(intake=f'msg.token = "{secret}";\nreturn msg;{more}', refunds="return msg.refund;"))
    return json.dumps(nodes, indent=4).encode()


@pytest.fixture
def waived(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let releases with inline secrets through, as a waiver of the gate would."""
    monkeypatch.setitem(GATES, "secrets-clean", replace(GATES["secrets-clean"], judge=lambda _: good("waived")))


def everything(scene: Scene) -> dict[str, bytes]:
    """Return all that lies in the workspace and beside it, archived files unpacked, the drop folders left out."""
    root = scene.workspace.root
    apart = {root / "inbox", root / "observed", root / "out"}
    found = {
        str(path.relative_to(root)): path.read_bytes() + str(path).encode()
        for path in root.rglob("*")
        if path.is_file() and not apart & set(path.parents)
    }
    with scene.context.ledger.reading() as connection:
        for (digest,) in connection.execute("SELECT hex(digest) FROM blob").fetchall():
            found[f"blob {digest}"] = archive.get(connection, digest.lower())
    found |= {f"entry {entry.seq}": entry.body for entry in scene.entries()}
    return found


def holders(scene: Scene, canary: str = CANARY) -> list[str]:
    """Return where the canary stands in clear."""
    return sorted(name for name, data in everything(scene).items() if canary.encode() in data)


def healthy(scene: Scene) -> bool:
    report = verify_workspace(scene.context, scope=Scope())
    assert report.ok, report.problems
    return not report.warnings


def remembered(scene: Scene) -> list[bytes]:
    """Return every text that can be reached from what a process remembers of exports that it took in."""
    left: list[object] = [scene.context.memo]
    met: dict[int, object] = {}
    while left:
        one = left.pop()
        if id(one) not in met and not isinstance(one, type | ModuleType | FunctionType):
            met[id(one)] = one
            left += gc.get_referents(one)
    texts = [one for one in met.values() if isinstance(one, bytes | str)]
    return [one if isinstance(one, bytes) else one.encode("utf-8", "surrogatepass") for one in texts]


@pytest.mark.parametrize("indent", [4, None])
def test_a_secret_is_not_remembered_once_its_export_was_taken_in(scene: Scene, indent: int | None) -> None:
    secrets = [CANARY.replace("C4", f"C{number}") for number in range(4)]
    separators = None if indent else (",", ":")
    for secret in [None, None, *secrets, None]:
        nodes = json.loads(leaky(secret or "none", more=f" // {secret and secret[-1]}"))
        nodes.append({"id": "cut", "type": "subflow", "in": [{"id": "a"}, {"id": f"func = {secret}"}], "name": "Cut"})
        scene.ingest(json.dumps(nodes, indent=indent, separators=separators).encode())
        texts = remembered(scene)
        assert any(b"msg.refund" in text for text in texts), "most of it is remembered"
        assert not [text for text in texts for one in secrets if one.encode() in text]


def test_a_secret_in_what_is_refused_or_in_a_name_is_not_remembered(scene: Scene) -> None:
    for _ in range(2):
        scene.ingest(leaky("none"))
    scene.ingest(leaky()[:-3] + b',{"id":')
    scene.ingest(leaky(), name=f"flows-{CANARY}.json")
    assert not [text for text in remembered(scene) if CANARY.encode() in text]


def test_a_secret_is_nowhere_in_clear_once_its_export_was_taken_in(scene: Scene) -> None:
    digest = scene.ingest(leaky())
    scene.observe(leaky(more=" "))
    assert holders(scene) == []
    with scene.context.ledger.reading() as connection:
        covered = archive.get(connection, digest)
    assert sha256(covered).hexdigest() == digest
    assert len(json.loads(covered)) == len(json.loads(leaky()))
    assert covered.count(b"\n") == leaky().count(b"\n")
    assert healthy(scene)


def test_the_entry_commits_to_the_bytes_without_telling_them(scene: Scene) -> None:
    digest = scene.ingest(leaky())
    data = scene.entries(kind="artifact.ingested")[-1].statement.data
    row = sealing.vault(scene.context).get(digest)
    assert row is not None
    assert data["commitment"] == sha256(row.sealed.salt + leaky()).hexdigest()
    assert data["secrets"] == 1
    assert sha256(leaky()).hexdigest() not in json.dumps(data)


def test_an_export_without_secrets_is_archived_as_it_is_and_seals_nothing(scene: Scene) -> None:
    assert scene.ingest(V1) == sha256(V1).hexdigest()
    assert "commitment" not in scene.entries(kind="artifact.ingested")[-1].statement.data
    assert not (scene.workspace.root / "sealed.db").exists()
    assert not (scene.workspace.root / "keys/sealing.key").exists()


def test_the_same_export_again_is_unchanged_and_another_secret_is_another_artifact(scene: Scene) -> None:
    first = scene.ingest(leaky())
    seen = scene.size
    assert scene.ingest(leaky()) == first
    assert scene.size == seen
    second = scene.ingest(leaky(OTHER))
    assert second != first
    (change,) = diffing.diff(scene.context, first, second).components
    (code,) = change.code
    assert '-msg.token = "SEALED-github-token-' in code.unified
    assert '+msg.token = "SEALED-github-token-' in code.unified


def test_another_secret_in_a_field_is_called_so(scene: Scene) -> None:
    first = scene.ingest(document(password="Wint3rmute", user="case"), name="a.json")
    second = scene.ingest(document(password="Neur0mancer", user="case"), name="a.json")
    (change,) = diffing.diff(scene.context, first, second).components
    assert change.words == ("the secret in password changed",)


@pytest.mark.usefixtures("waived")
def test_what_is_delivered_is_the_very_bytes_that_came(scene: Scene) -> None:
    scene.live(leaky())
    assert scene.delivered() == {"flows.json": leaky()}
    assert scene.observe(leaky()) == ()
    assert len(scene.observe(leaky(OTHER))) == 1
    assert holders(scene) == []


@pytest.mark.usefixtures("waived")
def test_no_entry_holds_a_bare_hash_over_secrets(scene: Scene) -> None:
    scene.live(leaky())
    verified = scene.entries(kind="deployment.verified")[-1].statement.data
    assert str(verified["revision"]).startswith("sealed:")
    scene.live(leaky(more=" "))  # nothing had changed behind our back: the blinded revision was recognised
    pairs = [["flows.json", sha256(leaky()).hexdigest()]]
    bare = sha256(json.dumps(pairs, separators=(",", ":")).encode()).hexdigest()
    assert not [entry.seq for entry in scene.entries() if bare.encode() in entry.body]


@pytest.mark.usefixtures("waived")
def test_a_folder_changed_in_nothing_but_its_secret_stops_a_push(scene: Scene) -> None:
    scene.live(leaky())
    path = scene.workspace.root / "out/prod/orders/flows.json"
    path.write_bytes(leaky(OTHER))
    scene.ingest(leaky(more=" "))
    request = scene.approved()
    with pytest.raises(Conflict, match="changed behind our back"):
        scene.deploy(request)


def test_the_gate_says_that_sealed_secrets_are_not_leaked_but_inline(scene: Scene) -> None:
    scene.ingest(leaky())
    scene.submitted()
    verdicts = [e.statement.data for e in scene.entries(kind="gate.evaluated")]
    (verdict,) = [data for data in verdicts if data["gate"] == "secrets-clean"]
    assert verdict["passed"] is False
    assert "sealed" in str(verdict["reason"])
    assert "still inline" in str(verdict["reason"])


def test_only_who_may_is_shown_a_secret_and_it_leaves_an_entry(scene: Scene) -> None:
    digest = scene.ingest(leaky())
    for nobody in (scene.bo, scene.cy):
        with pytest.raises(Refusal, match="may not unseal"):
            unsealing.unseal(scene.context, nobody, digest, reason="curious")
    with pytest.raises(BadInput, match="reason"):
        unsealing.unseal(scene.context, scene.dana, digest, reason=" ")
    seen = scene.size
    data, entry = unsealing.unseal(scene.context, scene.dana, digest, reason="rotate it")
    assert data == leaky()
    assert entry.seq == seen + 1
    assert entry.signature is not None
    assert entry.statement.actor == "dana"
    assert healthy(scene)


@pytest.mark.usefixtures("waived")
def test_after_a_shred_no_search_finds_the_secret_and_everything_still_verifies(
    scene: Scene, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    digest = scene.ingest(leaky())
    sealed = (scene.workspace.root / "sealed.db").read_bytes()
    row = sealing.vault(scene.context).get(digest)
    assert row is not None
    assert row.sealed.wrapped in sealed
    with pytest.raises(Refusal, match="may not shred"):
        unsealing.shred(scene.context, scene.dana, digest, reason="leaked")
    unsealing.shred(scene.context, scene.alice, digest, reason=f"leaked: {CANARY}")
    backing_up.backup(scene.context, scene.workspace.root / "backup.db")
    (scene.workspace.root / "evidence.zip").write_bytes(bundling.bundle(scene.context, None))
    with zipfile.ZipFile(scene.workspace.root / "evidence.zip") as bundle:
        assert not [name for name in bundle.namelist() if CANARY.encode() in bundle.read(name)]
    assert holders(scene) == []
    assert not (scene.workspace.root / "sealed.db-journal").exists()
    left = b"".join(path.read_bytes() for path in scene.workspace.root.glob("sealed.db*"))
    assert not [part for part in (row.sealed.salt, row.sealed.wrapped, row.sealed.body) if part[:24] in left]
    with pytest.raises(Refusal, match="shredded"):
        unsealing.unseal(scene.context, scene.dana, digest, reason="too late")
    with pytest.raises(Refusal, match="shredded already"):
        unsealing.shred(scene.context, scene.alice, digest, reason="again")
    assert healthy(scene)
    assert CANARY not in "".join(capfd.readouterr())


def test_what_was_shredded_is_not_sealed_again_when_the_file_comes_again(scene: Scene) -> None:
    digest = scene.ingest(leaky())
    unsealing.shred(scene.context, scene.alice, digest, reason="leaked")
    assert scene.ingest(leaky()) == digest
    scene.observe(leaky())
    scene.ingest(leaky(), project="crm")
    assert sealing.vault(scene.context).artifacts() == ()
    assert healthy(scene)


@pytest.mark.usefixtures("waived")
def test_a_release_whose_secrets_were_shredded_comes_back_by_no_way(scene: Scene) -> None:
    scene.live(leaky())
    first = scene.entries(kind="artifact.ingested")[-1].statement.on["artifact"]
    scene.live(V1)
    unsealing.shred(scene.context, scene.alice, first, reason="leaked")
    plan = rollback.plan(scene.context, "prod", "orders")
    assert any("were shredded" in line for line in plan.cannot_come_back)
    before = scene.delivered()
    with pytest.raises(Refusal, match="were shredded"):
        rollback.roll_back(scene.context, scene.bo, plan, reason="back")
    assert scene.delivered() == before
    assert "rollback.started" not in scene.kinds()


@pytest.mark.usefixtures("waived")
def test_an_approved_request_whose_secrets_were_shredded_is_not_deployed(scene: Scene) -> None:
    digest = scene.ingest(leaky())
    request = scene.approved()
    unsealing.shred(scene.context, scene.alice, digest, reason="leaked")
    with pytest.raises(Refusal, match="were shredded"):
        scene.deploy(request)
    assert "deployment.started" not in scene.kinds()


def test_a_shred_names_the_artifacts_that_share_its_secrets(scene: Scene) -> None:
    first, second = scene.ingest(leaky()), scene.ingest(leaky(more=" "))
    scene.ingest(leaky(OTHER))
    assert unsealing.shred(scene.context, scene.alice, first, reason="leaked").others == (second,)


def test_a_shred_that_stopped_half_way_is_noticed_and_finished(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    digest = scene.ingest(leaky())
    with monkeypatch.context() as patch:
        patch.setattr("store.archive.vault.Vault.erase", lambda _self, _digest: False)
        unsealing.shred(scene.context, scene.alice, digest, reason="leaked")
    report = verify_workspace(scene.context, scope=Scope())
    assert report.ok, "nothing that is recorded is untrue"
    (warning,) = report.warnings
    assert warning.problem == "unfinished"
    assert "a shredding was interrupted: its entry is recorded" in warning.detail
    assert f"quarterdeck shred {digest[:12]}" in warning.detail
    assert unsealing.shred(scene.context, scene.alice, digest, reason="leaked").entry is None
    assert healthy(scene)


def test_an_interruption_excuses_no_other_bytes_than_the_committed_ones(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = scene.ingest(leaky())
    with monkeypatch.context() as patch:
        patch.setattr("store.archive.vault.Vault.erase", lambda _self, _digest: False)
        unsealing.shred(scene.context, scene.alice, digest, reason="leaked")
    with sqlite3.connect(scene.workspace.root / "sealed.db") as connection:
        connection.execute("UPDATE sealed SET body = zeroblob(length(body))")
    connection.close()
    report = verify_workspace(scene.context, scope=Scope())
    assert [problem.problem for problem in report.problems] == ["sealed"]


def test_sealed_bytes_that_are_gone_without_an_entry_are_no_interruption(scene: Scene) -> None:
    digest = scene.ingest(leaky())
    assert sealing.vault(scene.context).erase(digest)
    (warning,) = verify_workspace(scene.context, scope=Scope()).warnings
    assert (warning.problem, "shred" in warning.detail) == ("sealed", False)


def test_sealed_bytes_that_are_not_the_committed_ones_are_an_alarm(scene: Scene) -> None:
    digest = scene.ingest(leaky())
    connection = sqlite3.connect(scene.workspace.root / "sealed.db")
    connection.execute("UPDATE sealed SET salt = randomblob(32)")
    connection.commit()
    connection.close()
    report = verify_workspace(scene.context, scope=Scope())
    assert [digest in problem.detail for problem in report.problems] == [True]
    assert not report.ok


def test_a_workspace_without_its_vault_verifies_with_a_warning_and_delivers_nothing_of_it(scene: Scene) -> None:
    digest = scene.ingest(leaky())
    (scene.workspace.root / "sealed.db").unlink()
    report = verify_workspace(scene.context, scope=Scope())
    assert report.ok
    assert [digest in warning.detail for warning in report.warnings] == [True]
    with scene.context.ledger.reading() as connection, pytest.raises(Refusal, match="not in this workspace"):
        sealing.raw(scene.context, connection, digest)


def test_a_lost_key_is_not_replaced_while_something_is_sealed_with_it(scene: Scene) -> None:
    scene.ingest(leaky())
    (scene.workspace.root / "keys/sealing.key").unlink()
    with pytest.raises(NotFound, match="put it back"):
        sealing.take(scene.context, ingesting.ExportFile(name="flows.json", data=leaky(OTHER)))


def test_the_key_is_its_owners_alone(scene: Scene) -> None:
    scene.ingest(leaky())
    path = scene.workspace.root / "keys/sealing.key"
    assert path.stat().st_mode & 0o777 == 0o600
    assert (scene.workspace.root / "sealed.db").stat().st_mode & 0o777 == 0o600
    path.chmod(0o644)
    with pytest.raises(BadInput, match="others may read"):
        seals.load(path)


def test_two_workspaces_mark_one_secret_differently() -> None:
    assert seals.new_key().fingerprint(b"hunter2") != seals.new_key().fingerprint(b"hunter2")


def test_a_secret_in_a_name_a_reason_or_a_request_is_taken_out(scene: Scene) -> None:
    scene.ingest(tabs(intake="return msg;").replace(b"work of intake", CANARY.encode()))
    scene.ingest(V1, name=f"flows-{CANARY}.json")
    scene.ingest(b"{ broken " + CANARY.encode(), name=f"broken-{CANARY}.json")
    request = scene.open(why=f"it uses {CANARY}", title=f"for {CANARY}")
    incidents.annotate(scene.context, scene.alice, request, f"the token is {CANARY}")
    (scene.workspace.root / "inbox/prod/orders" / f"flows-{CANARY}.json").unlink()
    put_aside = [path for path in (scene.workspace.root / "quarantine").rglob("*") if path.is_file()]
    for path in put_aside:
        assert CANARY not in str(path)
        if not path.name.endswith(".reason.txt"):
            path.unlink()  # the dropped file itself, moved and never opened
    assert len(put_aside) == 2
    assert holders(scene) == []
    assert healthy(scene)


def test_a_zip_is_covered_member_by_member_and_stays_a_zip(scene: Scene) -> None:
    data = zipped(
        {"flow.json": document(password="Wint3rmute"), "readme.txt": b"plain", "deep.zip": zipped({"a.json": leaky()})}
    )
    digest = scene.ingest(data, name="package.zip")
    assert holders(scene) == []
    assert holders(scene, "Wint3rmute") == []
    with scene.context.ledger.reading() as connection:
        covered = archive.get(connection, digest)
        assert sealing.raw(scene.context, connection, digest) == data
    with zipfile.ZipFile(io.BytesIO(covered)) as opened:
        assert opened.namelist() == ["flow.json", "readme.txt", "deep.zip"]
        assert opened.read("readme.txt") == b"plain"
        assert "SEALED-password-" in json.loads(opened.read("flow.json"))["password"]
    assert scene.ingest(data, name="package.zip") == digest


def test_a_zip_without_secrets_is_kept_to_the_byte(scene: Scene) -> None:
    data = zipped({"flow.json": document(user="case")})
    assert scene.ingest(data, name="package.zip") == sha256(data).hexdigest()


def test_an_archive_that_cannot_be_looked_into_within_bounds_is_put_aside(scene: Scene) -> None:
    bomb = zipped({f"{n}.bin": bytes(1 << 20) for n in range(140)})
    path = scene.workspace.root / "inbox/prod/orders/bomb.zip"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(bomb)
    report = ingesting.ingest(scene.context, list(scan(Root(kind="inbox", path=path.parents[2]))))
    assert [file.outcome for file in report.files] == ["quarantined"]


def zipped(members: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as written:
        for name, data in members.items():
            written.writestr(zipfile.ZipInfo(name, date_time=(2026, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)
    return target.getvalue()


@pytest.mark.usefixtures("waived")
def test_exports_archived_before_secrets_were_sealed_do_not_drift(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as past:
        past.setattr(sealing, "_taken", lambda file, *_: sealing.Taken(file=file))
        scene.live(leaky())
    assert holders(scene) != []
    assert scene.observe(leaky()) == ()
    assert len(scene.observe(leaky(OTHER))) == 1


def test_a_drift_with_a_secret_can_be_adopted_and_delivered(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    del monkeypatch
    scene.live(V1)
    (drift, *_) = scene.observe(leaky())
    artifact = scene.entries(kind="configuration.observed")[-1]
    with scene.context.ledger.reading() as connection:
        assert sealing.raw(scene.context, connection, artifact.statement.on["artifact"]) == leaky()
    assert drift.startswith("DR-")


@pytest.mark.usefixtures("waived")
def test_an_edited_copy_of_a_covered_export_never_reaches_a_target_with_its_marks(scene: Scene) -> None:
    digest = scene.ingest(leaky())
    with scene.context.ledger.reading() as connection:
        copy = archive.get(connection, digest).replace(b"msg.refund", b"msg.refunds")
    scene.ingest(copy)
    request = scene.approved()
    with pytest.raises(Refusal, match="covered copy"):
        scene.deploy(request)
    assert scene.delivered() == {}


def test_what_a_process_that_died_while_shredding_left_in_the_journal_goes_with_the_next_look(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = scene.ingest(leaky())
    vault = sealing.vault(scene.context)
    row = vault.get(digest)
    assert row is not None

    class Killed(BaseException):
        pass

    def die(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(type(vault), "_overwrite", die)
        with pytest.raises(Killed):
            unsealing.shred(scene.context, scene.alice, digest, reason="leaked")
    journal = scene.workspace.root / "sealed.db-journal"
    assert row.sealed.body[:400] in journal.read_bytes(), "the old page stands in the journal of the erasure"
    assert healthy(scene), "nothing calls for another shred, so looking has to end this one"
    assert not journal.exists()
    assert row.sealed.body not in (scene.workspace.root / "sealed.db").read_bytes()
