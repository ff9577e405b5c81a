from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from msgspec import ValidationError, convert, structs
from support.keyring import line_of, new_key
from support.made_log import MadeLog
from support.scene import Scene
from support.witnesses import by_folder, by_http, by_pipe, new_witness, watched_by

from store.config import WitnessConfig, WitnessesConfig
from store.errors import BadInput, NotFound, PlatformFailure, Refusal, StorageFailure
from store.integrity.checkpoint import open_checkpoint
from store.integrity.note import open_note
from store.ledger.report import Verdict
from store.services.audit import restoring, verifying
from store.services.audit.verifying import Scope
from store.services.context import Context
from store.services.identity import people
from store.services.witness import cosigning, witness_reach, witnessing
from store.services.witness.cosigning import Outcome
from store.services.witness.witnessing import Answer, Witness
from store.workspace import open_workspace


@pytest.fixture
def servers() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def witness(scene: Scene, tmp_path: Path) -> Witness:
    return new_witness(scene.context, tmp_path)


@pytest.fixture
def watched(scene: Scene, witness: Witness, servers: ExitStack) -> Context:
    return watched_by(scene.context, servers.enter_context(by_http(witness)))


def outcomes(context: Context) -> list[Outcome]:
    return [one.outcome for one in cosigning.cosign(context)]


def verify(context: Context):
    return verifying.verify_workspace(context, scope=Scope(archive=False, tables=False))


def grow(scene: Scene, count: int = 1) -> None:
    for _ in range(count):
        scene.enrol(f"guest-{scene.size}", "auditor")


def test_a_witness_over_http_makes_the_verdict_witnessed(scene: Scene, watched: Context) -> None:
    assert verify(watched).verdict is Verdict.ANCHORED
    assert outcomes(watched) == [Outcome.COSIGNED]
    report = verify(watched)
    assert report.verdict is Verdict.WITNESSED
    assert (report.cosigned, report.witnessed, report.ok) == ((1, 1), scene.size, True)


def test_each_later_head_needs_a_proof_from_the_one_before(scene: Scene, watched: Context, witness: Witness) -> None:
    for _ in range(3):
        grow(scene)
        (asked,) = cosigning.cosign(watched)
        assert (asked.outcome, asked.size) == (Outcome.COSIGNED, scene.size)
    known = witnessing.remembered(witness, scene.context.ledger.origin)
    assert known is not None
    assert known.checkpoint.root == scene.context.ledger.head().root
    assert outcomes(watched) == [Outcome.COSIGNED]


def test_entries_after_the_witnessed_head_are_counted(scene: Scene, watched: Context) -> None:
    cosigning.cosign(watched)
    size = scene.size
    grow(scene, 2)
    report = verify(watched)
    assert (report.verdict, report.witnessed, report.entries) == (Verdict.WITNESSED, size, size + 2)


def test_what_the_log_forgot_the_witness_tells_it(scene: Scene, watched: Context) -> None:
    cosigning.cosign(watched)
    grow(scene)
    (store,) = cosigning.stores(watched)
    store.path.unlink()
    (asked,) = cosigning.cosign(watched)
    assert (asked.outcome, asked.size) == (Outcome.COSIGNED, scene.size)


def test_a_witness_that_knows_less_than_it_once_cosigned_is_named(
    scene: Scene, watched: Context, witness: Witness
) -> None:
    cosigning.cosign(watched)
    memory, origin = witness.memory, watched.ledger.origin
    then, stores = scene.size, (memory.head(origin), *memory.copies(origin))
    notes = [store.read() for store in stores]
    grow(scene)
    (asked,) = cosigning.cosign(watched)
    assert asked.forgot == ""
    once = scene.size
    for store, note in zip(stores, notes, strict=True):  # put back together, which the witness cannot notice
        assert note is not None
        store.write(note)
    grow(scene)
    (asked,) = cosigning.cosign(watched)
    assert (asked.outcome, asked.size) == (Outcome.COSIGNED, scene.size)
    assert f"witness.example/one once cosigned {once} entries and says it knows {then} now" in asked.forgot
    (asked,) = cosigning.cosign(watched)
    assert asked.forgot == ""


def test_a_witness_is_asked_through_a_program(scene: Scene, witness: Witness) -> None:
    context = watched_by(scene.context, by_pipe(witness))
    assert outcomes(context) == [Outcome.COSIGNED]
    grow(scene)
    cosigning.stores(context)[0].path.unlink()  # 409 first, over the pipe as well
    assert outcomes(context) == [Outcome.COSIGNED]
    assert verify(context).verdict is Verdict.WITNESSED


def test_a_witness_is_asked_through_a_folder(scene: Scene, witness: Witness, tmp_path: Path) -> None:
    context = watched_by(scene.context, by_folder(witness, tmp_path / "exchange"))
    assert outcomes(context) == [Outcome.PENDING]
    assert verify(context).verdict is Verdict.ANCHORED
    (request,) = (tmp_path / "exchange").iterdir()
    answer = witnessing.answer(witness, request.read_bytes())
    request.with_suffix(".answer").write_bytes(witness_reach.frame(answer))
    size = scene.size
    grow(scene)  # meanwhile the ledger went on: the answer is about an earlier head, and the next request lies there
    (asked,) = cosigning.cosign(context)
    assert (asked.outcome, asked.size) == (Outcome.PENDING, size)
    assert verify(context).witnessed == size
    assert b"old %d\n" % size in request.read_bytes()
    request.with_suffix(".answer").write_bytes(witness_reach.frame(witnessing.answer(witness, request.read_bytes())))
    assert outcomes(context) == [Outcome.COSIGNED]
    assert verify(context).witnessed == scene.size


def test_two_of_three_make_the_quorum(scene: Scene, tmp_path: Path, servers: ExitStack) -> None:
    three = [new_witness(scene.context, tmp_path, name) for name in ("one", "two", "three")]
    reached = [servers.enter_context(by_http(one)) for one in three[:2]]
    gone = WitnessConfig(vkey=three[2].vkey, url="http://127.0.0.1:9", seconds=2)
    context = watched_by(scene.context, *reached, gone, quorum=2)
    asked = cosigning.cosign(context)
    assert [one.outcome for one in asked] == [Outcome.COSIGNED, Outcome.COSIGNED, Outcome.UNREACHABLE]
    assert cosigning.reached(context, asked)
    report = verify(context)
    assert (report.verdict, report.cosigned) == (Verdict.WITNESSED, (2, 3))
    stricter = watched_by(scene.context, *reached, gone, quorum=3)
    assert verify(stricter).verdict is Verdict.ANCHORED
    note = cosigning.cosigned_note(context)
    keys = [one.cosigner.verifier for one in three]
    assert len(open_note(note, [scene.context.ledger.verifier, *keys]).signatures) == 3


def test_the_quorum_is_counted_over_heads_of_different_sizes(scene: Scene, tmp_path: Path, servers: ExitStack) -> None:
    one, two = (new_witness(scene.context, tmp_path, name) for name in ("one", "two"))
    first, second = (servers.enter_context(by_http(w)) for w in (one, two))
    both = watched_by(scene.context, first, second, quorum=2)
    cosigning.cosign(both)
    size = scene.size
    grow(scene)
    cosigning.cosign(watched_by(scene.context, first))
    report = verify(both)  # both vouch for the first `size` entries, one of them for more
    assert (report.verdict, report.witnessed, report.cosigned) == (Verdict.WITNESSED, size, (2, 2))
    with pytest.raises(NotFound):
        cosigning.cosigned_note(both)


def test_one_witness_with_two_keys_counts_once(scene: Scene, tmp_path: Path, servers: ExitStack) -> None:
    one = new_witness(scene.context, tmp_path, "one")
    again = witnessing.create(
        tmp_path / "again", name="witness.example/one", log_keys=[scene.context.ledger.verifier.vkey]
    )
    known = [servers.enter_context(by_http(w)) for w in (one, again)]
    context = watched_by(scene.context, *known, quorum=2)
    assert outcomes(context) == [Outcome.COSIGNED, Outcome.COSIGNED]
    report = verify(context)
    assert (report.verdict, report.cosigned) == (Verdict.ANCHORED, (1, 1))


def test_without_witnesses_there_is_nobody_to_ask(scene: Scene) -> None:
    with pytest.raises(BadInput, match="no witness is configured"):
        cosigning.cosign(scene.context)
    with pytest.raises(NotFound, match="cosigned"):
        cosigning.cosigned_note(scene.context)


def test_a_restored_backup_is_noticed_by_the_witness_alone(
    scene: Scene, watched: Context, tmp_path: Path, state_home: Path
) -> None:
    """Every head kept on this machine is put back too: only the other machine knows better."""
    root = scene.workspace.root
    grow(scene)
    scene.workspace.close()
    shutil.copytree(root, tmp_path / "backup")
    shutil.copytree(state_home, tmp_path / "state-backup")
    scene.workspace = open_workspace(root, clock=scene.clock)
    context = watched_by(scene.context, *watched.config.witnesses.known)
    grow(scene, 3)
    assert outcomes(context) == [Outcome.COSIGNED]
    lost = scene.size
    scene.workspace.close()
    for folder, backup in ((root, "backup"), (state_home, "state-backup")):
        shutil.rmtree(folder)
        shutil.copytree(tmp_path / backup, folder)
    scene.workspace = open_workspace(root, clock=scene.clock)
    context = watched_by(scene.context, *watched.config.witnesses.known)
    assert verify(context).verdict is Verdict.ANCHORED  # nobody here remembers
    (asked,) = cosigning.cosign(context)
    assert (asked.outcome, asked.size) == (Outcome.CONTRADICTS, lost)
    report = verify(context)
    assert (report.verdict, report.ok) == (Verdict.SHORTER, False)
    assert report.contradictions
    with pytest.raises(Exception, match="remembers"):
        grow(scene)  # nothing more is recorded until a person has looked


def test_two_forks_of_one_ledger_cannot_both_be_cosigned(scene: Scene, watched: Context, tmp_path: Path) -> None:
    shutil.copytree(scene.workspace.root, tmp_path / "laptop")
    grow(scene)
    assert outcomes(watched) == [Outcome.COSIGNED]
    other = open_workspace(tmp_path / "laptop", clock=scene.clock)
    try:
        # the second laptop has its own state folder in life; here its copies of the heads are made to agree
        for store in other.ledger.heads:
            store.write(other.ledger.checkpoint())
        other.close()
        other = open_workspace(tmp_path / "laptop", clock=scene.clock)
        line = line_of(new_key(tmp_path / "eve"))
        for name in ("eve", "fay"):
            line = line_of(new_key(tmp_path / name))
            people.add(other.context, scene.alice, name, key_lines=[line], grants=[])
        fork = watched_by(other.context, *watched.config.witnesses.known)
        (asked,) = cosigning.cosign(fork)
        assert asked.outcome is Outcome.CONTRADICTS
        report = verify(fork)
        assert report.verdict is Verdict.DIVERGED
        assert any(one.proof and one.ours for one in report.contradictions)
    finally:
        other.close()


def shortened(scene: Scene, tmp_path: Path, witness: WitnessConfig) -> Context:
    """Put an older database back: what is kept outside of it remembers more."""
    scene.workspace.close()
    root = scene.workspace.root
    shutil.copy(root / "ledger.db", tmp_path / "old.db")
    scene.workspace = open_workspace(root, clock=scene.clock)
    grow(scene, 2)
    cosigning.cosign(watched_by(scene.context, witness))
    scene.workspace.close()
    shutil.copy(tmp_path / "old.db", root / "ledger.db")
    scene.workspace = open_workspace(root, clock=scene.clock)
    return watched_by(scene.context, witness)


def test_an_acknowledged_restore_is_an_entry_and_the_ledger_goes_on(
    scene: Scene, witness: Witness, tmp_path: Path, servers: ExitStack
) -> None:
    config = servers.enter_context(by_http(witness))
    size = scene.size
    context = shortened(scene, tmp_path, config)
    assert context.ledger.contradiction
    lost = restoring.given_up(context)
    assert {head.size for head in lost} == {size + 2}
    entry = restoring.acknowledge(context, scene.alice, reason="the disk died")
    data = entry.statement.data
    assert (entry.statement.kind, entry.signature is None) == ("ledger.restored", False)
    assert (data["size"], data["reason"]) == (size, "the disk died")
    assert len(str(data["incarnation"])) == 32
    assert [one["size"] for one in data["given_up"]] == [size + 2]
    grow(scene)
    assert verify(context).verdict is Verdict.ANCHORED
    # the witness does not go along by itself, and asking it does not stop the ledger again
    assert outcomes(context) == [Outcome.LEFT_BEHIND]
    grow(scene)
    witnessing.forget(witness, context.ledger.origin)
    assert outcomes(context) == [Outcome.COSIGNED]
    assert verify(context).verdict is Verdict.WITNESSED


def test_only_an_admin_acknowledges_and_only_what_is_contradicted(
    scene: Scene, witness: Witness, tmp_path: Path, servers: ExitStack
) -> None:
    with pytest.raises(BadInput, match="nothing to acknowledge"):
        restoring.acknowledge(scene.context, scene.alice, reason="why not")
    context = shortened(scene, tmp_path, servers.enter_context(by_http(witness)))
    size = scene.size
    with pytest.raises(Refusal, match="acknowledge a restore"):
        restoring.acknowledge(context, scene.bo, reason="the disk died")
    with pytest.raises(BadInput, match="say why"):
        restoring.acknowledge(context, scene.alice, reason="  ")
    assert scene.size == size
    assert context.ledger.contradiction


def test_a_kept_cosignature_that_was_changed_spoils_the_verdict(scene: Scene, watched: Context) -> None:
    cosigning.cosign(watched)
    (store,) = cosigning.stores(watched)
    note = store.read()
    assert note is not None
    store.path.write_bytes(note[:-8] + b"AAAAAA=\n")
    assert not verify(watched).ok
    store.path.write_bytes(b"hello")
    report = verify(watched)
    assert (report.verdict, report.problems[0].problem) == (Verdict.DIVERGED, "head")
    assert outcomes(watched) == [Outcome.COSIGNED]  # asked again, it is whole again
    assert verify(watched).verdict is Verdict.WITNESSED


@pytest.mark.parametrize(
    "answer",
    [
        Answer(200, b"hello\n"),
        Answer(200, b""),
        Answer(200, "— witness.example/one AAAAAAAAAAA=\n".encode()),
        Answer(200, "— somebody.example/else AAAAAAAAAAA=\n".encode()),
    ],
)
def test_an_answer_that_is_no_cosignature_is_not_taken(scene: Scene, watched: Context, answer, monkeypatch) -> None:
    monkeypatch.setattr("store.services.witness.witness_http.witnessing.answer", lambda *_: answer)
    (asked,) = cosigning.cosign(watched)
    assert asked.outcome is Outcome.UNREACHABLE
    assert "no cosignature" in asked.detail
    assert verify(watched).verdict is Verdict.ANCHORED


def test_a_witness_that_names_a_new_size_each_time_is_given_up(scene: Scene, watched: Context, monkeypatch) -> None:
    sizes = iter(range(1, 100))
    monkeypatch.setattr(
        "store.services.witness.witness_http.witnessing.answer", lambda *_: Answer(409, b"%d\n" % next(sizes))
    )
    assert outcomes(watched) == [Outcome.REFUSED]


def test_a_head_of_somebody_elses_log_stops_nobody(scene: Scene, watched: Context, monkeypatch) -> None:
    stranger = MadeLog(origin=scene.context.ledger.origin)
    answer = Answer(422, b"no\n", stranger.note(5))
    monkeypatch.setattr("store.services.witness.cosigning.ask", lambda *_, **__: witness_reach.Reply(answer, b""))
    assert outcomes(watched) == [Outcome.REFUSED]
    grow(scene)


def test_a_log_that_the_witness_does_not_know_is_told_so(scene: Scene, tmp_path: Path, servers: ExitStack) -> None:
    stranger = witnessing.create(tmp_path / "w", name="witness.example/one")
    (asked,) = cosigning.cosign(watched_by(scene.context, servers.enter_context(by_http(stranger))))
    assert (asked.outcome, "404" in asked.detail) == (Outcome.REFUSED, True)


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("false",), "ended with status 1"),
        (("echo", "hello"), "no answer of a witness"),
        (("no-such-program-here",), "cannot be run"),
        (("sh", "-c", "echo broken >&2; exit 255"), "said: broken"),
        (("sh", "-c", "echo no ghp_sDiuQ7xLm2Vt9Ka4Rb8Wn3Zc6Yp1Hf5Je0Tg >&2; exit 1"), "said: no [redacted: GitHub"),
        (("echo", "what a long way to a ghp_sDiuQ7xLm2Vt9Ka4Rb8Wn3Zc6Yp1Hf5Je0Tg"), "long way to a [redacted: GitHub"),
        (("sleep", "30"), "did not answer within"),
    ],
)
def test_a_program_that_is_no_witness_is_named(scene: Scene, witness: Witness, command, said: str) -> None:
    config = structs.replace(by_pipe(witness, *command), seconds=0.5)
    (asked,) = cosigning.cosign(watched_by(scene.context, config))
    assert asked.outcome is Outcome.UNREACHABLE
    assert said in asked.detail


def test_a_folder_that_is_not_there_is_named(scene: Scene, witness: Witness, tmp_path: Path) -> None:
    config = WitnessConfig(vkey=witness.vkey, folder=str(tmp_path / "nowhere"))
    (asked,) = cosigning.cosign(watched_by(scene.context, config))
    assert (asked.outcome, "no such folder" in asked.detail) == (Outcome.UNREACHABLE, True)


@pytest.mark.parametrize("data", [b"", b"200", b"999\nx\n", b"2\xb2\n", b"200\n" + b"x" * 200_000])
def test_what_is_no_answer_is_named(data: bytes) -> None:
    with pytest.raises(PlatformFailure, match="no answer of a witness"):
        witness_reach.unframe(data)


def test_an_answer_travels_and_comes_back() -> None:
    for answer in (
        Answer(200, "— w AAAAAAA=\n".encode()),
        Answer(409, b"8\n", MadeLog().note(8)),
        Answer(422, b"no\n", MadeLog().note(8)),
        Answer(404, b"unknown\n"),
    ):
        assert witness_reach.unframe(witness_reach.frame(answer)) == answer


def test_the_configuration_is_checked(scene: Scene, witness: Witness) -> None:
    with pytest.raises(ValidationError, match="name one of url, command, folder"):
        convert({"vkey": "x", "url": "http://a.example", "folder": "b"}, WitnessConfig)
    with pytest.raises(ValidationError, match="quorum of 2"):
        convert({"quorum": 2, "known": [{"vkey": "x"}]}, WitnessesConfig)
    for url in ("ftp://a", "file:///etc/passwd", "a.example"):
        with pytest.raises(ValidationError):
            convert({"vkey": "x", "url": url}, WitnessConfig)
    log_key = scene.context.ledger.verifier.vkey
    for vkey, said in (("x", "verifier key"), (log_key, "a log's key")):
        with pytest.raises(BadInput, match=said):
            cosigning.cosign(watched_by(scene.context, WitnessConfig(vkey=vkey)))
    context = watched_by(scene.context, WitnessConfig(vkey=witness.vkey))
    assert outcomes(context) == [Outcome.NOT_ASKED]


def test_a_cosignature_that_cannot_be_kept_is_an_error(scene: Scene, watched: Context, monkeypatch) -> None:
    (store,) = cosigning.stores(watched)
    store.path.mkdir()
    with pytest.raises(StorageFailure):
        cosigning.cosign(watched)


def test_what_a_witness_vouched_for_opens_for_anybody(scene: Scene, watched: Context, witness: Witness) -> None:
    cosigning.cosign(watched)
    found = cosigning.vouched(watched, witness.cosigner.verifier)
    assert found is not None
    assert open_checkpoint(found.note, [witness.cosigner.verifier]) == found.checkpoint
