"""Evidence that stands without us: the bundle, its verifier in a bare Python, and the attestations."""

from __future__ import annotations

import base64
import io
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey
from support.exports import V1
from support.scene import Scene
from support.tampering import smuggle

from store.domain import events as ev
from store.errors import NotFound
from store.evidence import verify_evidence
from store.integrity.note import SecondSigner, Verifier
from store.services.acting import statement_of
from store.services.audit import bundling
from store.services.identity import people, second_key


@pytest.fixture
def told(scene: Scene) -> Scene:
    scene.live(V1)
    return scene


def write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def verified(path: Path, *more: str) -> tuple[int, str]:
    """Run the bundle's own verifier, unpacked, in a Python that knows nothing of this project."""
    with zipfile.ZipFile(path) as packed:
        program = write(path.with_suffix(".py"), packed.read(bundling.VERIFIER))
    done = subprocess.run(
        [sys.executable, "-I", program, path, *more], capture_output=True, text=True, cwd="/", check=False
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout


def with_members(data: bytes, keep: Callable[[str], bool], more: Mapping[str, bytes]) -> bytes:
    """Return the bundle with only some of its members, and with more."""
    with zipfile.ZipFile(io.BytesIO(data)) as old, io.BytesIO() as memory:
        with zipfile.ZipFile(memory, "w") as new:
            for name in filter(keep, old.namelist()):
                new.writestr(name, old.read(name))
            for name, content in more.items():
                new.writestr(name, content)
        return memory.getvalue()


def altered(data: bytes, member: str, change: bytes) -> bytes:
    """Return the bundle with one member replaced."""
    with zipfile.ZipFile(io.BytesIO(data)) as old, io.BytesIO() as memory:
        with zipfile.ZipFile(memory, "w") as new:
            for name in old.namelist():
                new.writestr(name, change if name == member else old.read(name))
        return memory.getvalue()


def members(data: bytes, folder: str) -> list[str]:
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        return sorted(name for name in packed.namelist() if name.startswith(folder))


def read(data: bytes, member: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        return packed.read(member)


def test_the_bundle_of_a_request_is_valid_by_its_own_verifier(told: Scene, tmp_path: Path) -> None:
    path = write(tmp_path / "evidence.zip", bundling.bundle(told.context, "CR-0001"))
    status, printed = verified(path, "--log-key", told.context.config.ledger.log_key)
    assert status == 0, printed
    assert "approval.granted by" in printed
    assert "against the log key you gave" in printed


def test_the_bundle_of_a_deployment_carries_what_vouches_for_it(told: Scene, tmp_path: Path) -> None:
    data = bundling.bundle(told.context, "DEP-0001")
    kinds = {json.loads(told.context.ledger.entry(int(Path(name).stem)).body)["statement"]["kind"]
             for name in members(data, "entries")}  # fmt: skip
    assert {"request.opened", "approval.granted", "gate.evaluated", "deployment.verified"} <= kinds
    assert members(data, "artifacts")
    status, said = verified(write(tmp_path / "deployment.zip", data))
    assert status == 0, said


def test_the_whole_ledger_can_be_bundled(told: Scene, tmp_path: Path) -> None:
    data = bundling.bundle(told.context, None)
    assert len(members(data, "entries/")) == told.context.ledger.head().size
    assert verified(write(tmp_path / "all.zip", data))[0] == 0


def test_the_same_evidence_gives_the_same_bytes(told: Scene) -> None:
    assert bundling.bundle(told.context, "CR-0001") == bundling.bundle(told.context, "CR-0001")


def test_another_log_key_does_not_vouch_for_it(told: Scene, tmp_path: Path) -> None:
    path = write(tmp_path / "evidence.zip", bundling.bundle(told.context, "CR-0001"))
    other = Verifier.create(
        "example.com/other", bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
    )
    status, printed = verified(path, "--log-key", other.vkey)
    assert status == 1
    assert printed.startswith("INVALID")


def test_a_key_file_that_was_swapped_does_not_pass_beside_the_key_one_gives(told: Scene, tmp_path: Path) -> None:
    key = told.context.config.ledger.log_key
    data = altered(bundling.bundle(told.context, "CR-0001"), "log.vkey", b"example.com/eve+00000000+AQ==\n")
    status, printed = verified(write(tmp_path / "evidence.zip", data), "--log-key", key)
    assert status == 1
    assert "WRONG log.vkey: it is another key than the one you gave" in printed


@pytest.mark.parametrize(
    "how", [("\n-----END", "\x0b-----END"), ("END SSH SIGNATURE-----\n", "END SSH SIGNATURE-----")]
)
def test_a_signature_file_that_ssh_keygen_would_not_read_is_wrong(
    told: Scene, tmp_path: Path, how: tuple[str, str]
) -> None:
    whole = bundling.bundle(told.context, "CR-0001")
    name = next(name for name in members(whole, "statements/") if name.endswith(".sig"))
    data = altered(whole, name, read(whole, name).decode().replace(*how).encode())
    status, printed = verified(write(tmp_path / "evidence.zip", data))
    assert status == 1
    assert "the signature beside the entry" in printed


def test_every_byte_that_counts_is_noticed(told: Scene, tmp_path: Path) -> None:
    """The bundle's own program, loaded once; for one member of each kind also as a process, which says the same."""
    data = bundling.bundle(told.context, "CR-0001")
    program: dict[str, Any] = {"__name__": "verifier"}
    exec(compile(read(data, bundling.VERIFIER), bundling.VERIFIER, "exec"), program)
    counted = [*members(data, "entries/"), *members(data, "artifacts/"), *members(data, "proofs/"), "checkpoint"]
    counted += [*members(data, "statements/"), "allowed_signers"]
    seen = set[str]()
    for member in counted:
        original = read(data, member)
        for at in {0, len(original) // 2, len(original) - 2}:
            changed = original[:at] + bytes([original[at] ^ 1]) + original[at + 1 :]
            path = write(tmp_path / "bad.zip", altered(data, member, changed))
            with redirect_stdout(io.StringIO()) as printed:
                status = program["main"]([str(path)])
            assert status == 1, (member, at, printed.getvalue())
            if (folder := member.partition("/")[0]) not in seen:
                assert verified(path) == (status, printed.getvalue())
                seen.add(folder)
    assert seen == {"entries", "artifacts", "proofs", "checkpoint", "statements", "allowed_signers"}


GONE = {
    "a signature": ("statements/", ".sig", "the bundle holds no"),
    "an approved file": ("artifacts/", "-file-1", "it was approved, and is not in this bundle"),
    "its list of files": ("artifacts/", "manifest.json", "it was approved, and is not in this bundle"),
    "every entry": ("entries/", "", "there are none in this bundle"),
    "the list of signers": ("allowed_signers", "", "the bundle holds no"),
}


@pytest.mark.parametrize("what", GONE)
def test_what_is_missing_from_a_bundle_is_said(told: Scene, tmp_path: Path, what: str) -> None:
    begin, end, said = GONE[what]
    data = bundling.bundle(told.context, "CR-0001")
    less = with_members(data, lambda name: not (name.startswith(begin) and name.endswith(end)), {})
    status, printed = verified(write(tmp_path / "less.zip", less))
    assert status == 1
    assert said in printed


def test_what_no_entry_vouches_for_is_said(told: Scene, tmp_path: Path) -> None:
    """A file that hashes to its own name, and a signer that ssh-keygen would believe."""
    data = bundling.bundle(told.context, "CR-0001")
    extra = {f"artifacts/{sha256(b'evil').hexdigest()}-file-2": b"evil"}
    status, printed = verified(write(tmp_path / "file.zip", with_members(data, lambda _: True, extra)))
    assert status == 1
    assert "no entry in this bundle names it" in printed
    stranger = (
        b'* namespaces="quarterdeck@v1" ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAOl9BrQxDC4zpZhSGgzIt8tTtlb48OOlSSToS8W\n'
    )
    signers = read(data, "allowed_signers") + stranger
    status, printed = verified(write(tmp_path / "signer.zip", altered(data, "allowed_signers", signers)))
    assert status == 1
    assert "no entry in this bundle enrols this" in printed


@pytest.mark.parametrize("member", ["allowed_signers", "log.vkey"])
def test_a_list_that_everybody_reads_for_themselves_is_exactly_what_the_program_wrote(
    told: Scene, tmp_path: Path, member: str
) -> None:
    """ssh-keygen reads the list, a person the key: neither is one line longer, shorter or elsewhere broken."""
    data = bundling.bundle(told.context, "CR-0001")
    original = read(data, member)
    lines = original.splitlines(keepends=True)
    otherwise = [original + b"\n", original[:-1], original.replace(b"\n", b"\r\n"), original + b"\xff"]
    for changed in (*otherwise, b"".join(lines[1:]), lines[0] * 2):
        if changed != original:
            status, printed = verified(write(tmp_path / "bad.zip", altered(data, member, changed)))
            assert (status, member in printed) == (1, True), (changed, printed)


def test_the_readme_never_gives_the_bundles_own_key_for_the_one_from_elsewhere(told: Scene, tmp_path: Path) -> None:
    """Who follows it to the letter would be told "against the key you gave", and have it from the bundle."""
    data = bundling.bundle(told.context, "CR-0001")
    text = read(data, "README.md").decode()
    assert told.context.config.ledger.log_key not in text
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        packed.extractall(tmp_path / "unpacked")
    write(tmp_path / "BUNDLE.zip", data)
    commands = [block for block in text.split("\n\n") if block.startswith("    ")]
    assert len(commands) == 3
    environment = {"LOG_KEY": told.context.config.ledger.log_key, "PATH": os.environ["PATH"]}
    for block in commands:
        done = subprocess.run(
            ["bash", "-e", "-c", block], cwd=tmp_path / "unpacked", env=environment, capture_output=True, text=True,
            check=False,
        )  # fmt: skip
        assert done.returncode == 0, (block, done.stdout, done.stderr)
    leaf = sha256(b"\0" + read(data, members(data, "entries/")[-1])).hexdigest()
    assert f"{leaf}  -" in done.stdout


SMUGGLED: dict[str, tuple[str, str]] = {
    "a file": ("evil.txt", "nothing in this bundle vouches for this file"),
    "a file outside of its folder": ("../../evil", "nothing in this bundle vouches for this file"),
    "a statement of no entry": ("statements/00000999.json", "nothing in this bundle vouches for this file"),
    "an entry where proofs are": ("proofs/00000001.json", "nothing in this bundle vouches for this file"),
    "a proof where statements are": ("statements/00000001.tlog-proof", "nothing in this bundle vouches for this file"),
    "an entry before the first": ("entries/00000000.json", "WRONG entry 0"),
    "a statement beside an observation": ("statements/00000001.json", "nobody signed it"),
    "an entry of another name": ("entries/٣.json", "nothing in this bundle vouches for this file"),
    "a second entry of one name": ("entries/00000001.json", "it is there twice"),
    "other bytes under an artifact's digest": ("artifacts/{digest}-a", "the bytes are others"),
    "an artifact that goes elsewhere": ("artifacts/{digest}-/../x", "nothing in this bundle vouches for this file"),
}


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("what", SMUGGLED)
def test_a_file_that_nobody_vouches_for_makes_the_bundle_invalid(told: Scene, tmp_path: Path, what: str) -> None:
    """Somebody unpacks it and looks: what the verifier passes over, they would take for evidence."""
    name, said = SMUGGLED[what]
    data = bundling.bundle(told.context, "CR-0001")
    name = name.format(digest=members(data, "artifacts/")[0][10:74])
    status, printed = verified(write(tmp_path / "more.zip", with_members(data, lambda _: True, {name: b"evil"})))
    assert status == 1
    assert said in printed


def test_a_bundle_that_cannot_be_unpacked_is_invalid(told: Scene, tmp_path: Path) -> None:
    data = bytearray(bundling.bundle(told.context, "CR-0001"))
    for header, flags in ((b"PK\1\2", 8), (b"PK\3\4", 6)):
        data[data.index(header) + flags] |= 1  # says that it is encrypted
    status, printed = verified(write(tmp_path / "locked.zip", bytes(data)))
    assert (status, printed[:8]) == (1, "INVALID:")


def test_what_is_no_bundle_or_no_key_is_bad_input(told: Scene, tmp_path: Path) -> None:
    path = write(tmp_path / "evidence.zip", bundling.bundle(told.context, "CR-0001"))
    vkey = told.context.config.ledger.log_key
    for key in ("garbage", f"x{vkey}", vkey[:-4], ""):
        status, printed = verified(path, "--log-key", key)
        assert status == 2
        assert not printed.startswith("VALID")
    status, printed = verified(path, "--second-key", vkey)
    assert status == 2
    assert "is no second key" in printed


def test_a_signature_of_somebody_else_is_noticed(told: Scene, tmp_path: Path) -> None:
    data = bundling.bundle(told.context, "CR-0001")
    entries = [json.loads(read(data, name)) for name in members(data, "entries/")]
    approval = next(e for e in entries if e["statement"]["kind"] == "approval.granted")
    other = next(e for e in entries if e["sig"] and e["statement"]["actor"] != approval["statement"]["actor"])
    forged = json.dumps(approval | {"sig": other["sig"]}, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    member = f"entries/{approval['seq']:08d}.json"
    status, printed = verified(write(tmp_path / "bad.zip", altered(data, member, forged.encode())))
    assert status == 1
    assert "WRONG entry" in printed


def test_stock_ssh_keygen_verifies_every_statement_in_it(told: Scene, tmp_path: Path) -> None:
    data = bundling.bundle(told.context, "CR-0001")
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        packed.extractall(tmp_path)
    signed = sorted((tmp_path / "statements").glob("*.json"))
    assert len(signed) >= 4
    for path in signed:
        actor = json.loads(path.read_bytes())["actor"]
        command = ["ssh-keygen", "-Y", "verify", "-f", tmp_path / "allowed_signers", "-I", actor]
        command += ["-n", "quarterdeck@v1", "-s", f"{path}.sig"]
        subprocess.run(command, input=path.read_bytes(), check=True, capture_output=True)


def test_what_a_since_revoked_key_signed_is_verified_by_hand_at_its_time(told: Scene, tmp_path: Path) -> None:
    """As the README and docs/integrity.md say: `valid-before` needs `-O verify-time`."""
    approval = next(entry for entry in told.entries(kind="approval.granted"))
    actor = told.actor(approval.statement.actor)
    people.revoke_key(told.context, told.alice, actor.handle, actor.signer.public.fingerprint, reason="lost")
    data = bundling.bundle(told.context, "CR-0001")
    path = write(tmp_path / "evidence.zip", data)
    assert verified(path, "--log-key", told.context.config.ledger.log_key)[0] == 0
    with zipfile.ZipFile(path) as packed:
        packed.extractall(tmp_path)
    signed = tmp_path / f"statements/{approval.seq:08d}.json"
    stamp = "".join(c for c in approval.statement.time[:19] if c.isdigit()) + "Z"
    command = ["ssh-keygen", "-Y", "verify", "-f", str(tmp_path / "allowed_signers"), "-I", actor.handle]
    command += ["-n", "quarterdeck@v1", "-s", f"{signed}.sig", "-O", f"verify-time={stamp}"]
    subprocess.run(command, input=signed.read_bytes(), check=True, capture_output=True)
    assert b"-O verify-time=" in read(data, "README.md")
    longer = read(data, "allowed_signers").replace(b",valid-before=", b",valid-after=")
    status, printed = verified(write(tmp_path / "longer.zip", altered(data, "allowed_signers", longer)))
    assert (status, "allowed_signers" in printed) == (1, True)


def test_a_bundle_about_nothing_is_refused(told: Scene) -> None:
    for subject in ("CR-9999", "nonsense", ""):
        with pytest.raises(NotFound):
            bundling.bundle(told.context, subject)


def test_an_attestation_is_a_dsse_envelope_that_securesystemslib_verifies(told: Scene) -> None:
    dsse = pytest.importorskip("securesystemslib.dsse")
    signer = pytest.importorskip("securesystemslib.signer")
    for summary in (False, True):
        plain = bundling.attestation(told.context, "DEP-0001", summary=summary)
        key_id = plain["signatures"][0]["keyid"]
        public = Verifier.from_vkey(told.context.config.ledger.log_key).public.hex()
        key = signer.SSlibKey(key_id, "ed25519", "ed25519", {"public": public})
        envelope = dsse.Envelope.from_dict(plain)
        assert key_id in envelope.verify([key], 1)
        statement = json.loads(base64.b64decode(plain["payload"]))
        assert statement["_type"] == "https://in-toto.io/Statement/v1"
        assert statement["subject"][0]["digest"]["sha256"] in bundling.bundle(told.context, "CR-0001").decode("latin-1")


@pytest.fixture
def seconded(scene: Scene) -> tuple[Scene, str]:
    """A log with an ML-DSA-44 key beside its first, and the second key."""
    done = second_key.set_second(scene.context, scene.alice, reason="for the years to come")
    scene.live(V1)
    return scene, done.vkey


def test_the_second_signature_is_checked_by_the_key_an_entry_names_and_by_one_from_elsewhere(
    seconded: tuple[Scene, str], tmp_path: Path
) -> None:
    scene, vkey = seconded
    path = write(tmp_path / "evidence.zip", bundling.bundle(scene.context, "CR-0001"))
    for given, words in (((), "that an entry names"), (("--second-key", vkey), "you gave")):
        status, printed = verified(path, *given)
        assert status == 0, printed
        assert f"signed by the second key (ML-DSA-44) {words} too" in printed
    stranger = SecondSigner(scene.context.ledger.origin, MLDSA44PrivateKey.generate()).verifier
    status, printed = verified(path, "--second-key", stranger.vkey)
    assert (status, "not signed by the second key" in printed) == (1, True), printed
    for nonsense in (scene.context.config.ledger.log_key, "x", "a+b+c", ""):
        status, printed = verified(path, "--second-key", nonsense)
        assert status == 2, printed
        assert "VALID:" not in printed.replace("INVALID: a key is missing", "")


def test_a_second_signature_that_is_missing_or_wrong_is_noticed(seconded: tuple[Scene, str], tmp_path: Path) -> None:
    data = bundling.bundle(seconded[0].context, "CR-0001")
    note = read(data, "checkpoint")
    lines = note.splitlines(keepends=True)
    stripped = b"".join(line for line in lines if len(line) < 1000)
    status, printed = verified(write(tmp_path / "bad.zip", altered(data, "checkpoint", stripped)))
    assert (status, "not signed by the second key" in printed) == (1, True), printed
    head, _, signature = lines[-1].rstrip().rpartition(b" ")
    raw = base64.b64decode(signature)
    for at in (4, 12, len(raw) - 1):  # its timestamp, its first and its last byte
        wrong = base64.b64encode(raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :])
        forged = b"".join(lines[:-1]) + head + b" " + wrong + b"\n"
        status, printed = verified(write(tmp_path / "bad.zip", altered(data, "checkpoint", forged)))
        assert (status, "second key" in printed) == (1, True), printed


def test_an_older_cryptography_says_plainly_that_the_second_signature_was_not_checked(
    seconded: tuple[Scene, str], tmp_path: Path
) -> None:
    scene, vkey = seconded
    data = bundling.bundle(scene.context, "CR-0001")
    path = write(tmp_path / "evidence.zip", data)
    program = read(data, bundling.VERIFIER).decode()
    older = program.replace("asymmetric import mldsa\n", "asymmetric import mldsa_of_a_later_version\n")
    assert older != program
    for given, status, words in (((), 0, "NOT CHECKED"), (("--second-key", vkey), 1, "WRONG")):
        done = subprocess.run(
            [sys.executable, "-I", write(tmp_path / "older.py", older.encode()), path, *given],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == status, done.stdout + done.stderr
        assert f"{words} the second signature of the checkpoint was not checked" in done.stdout


def test_an_act_of_a_person_without_a_signature_is_wrong_and_an_observation_is_called_one(
    told: Scene, tmp_path: Path
) -> None:
    printed = verified(write(tmp_path / "good.zip", bundling.bundle(told.context, None)))[1]
    assert "entry 1: ledger.opened by system, in the tree, an observation of the program" in printed
    assert "principal.added by alice, in the tree, signature checked" in printed
    approval = told.last("approval.granted")
    for actor in ("dana", "system"):
        statement = statement_of(told.context, approval, actor)
        seq = smuggle(told.context, statement, None).seq
        status, printed = verified(write(tmp_path / "bad.zip", bundling.bundle(told.context, None)))
        assert status == 1
        assert f"WRONG entry {seq}: an act of {actor} (approval.granted) that nobody signed" in printed


def test_the_verifier_knows_every_kind_that_people_sign() -> None:
    assert {event.KIND for event in ev.EVENTS.values() if event.SIGNED} == verify_evidence.ACTS


@pytest.mark.parametrize(
    ("name", "number"),
    [("entries/00000002.json", 2), ("entries/99999999.json", 99_999_999), ("entries/100000000.json", 100_000_000)],
)
def test_the_verifier_takes_the_numbers_of_long_ledgers_too(name: str, number: int) -> None:
    form = verify_evidence.ENTRY.fullmatch(name)
    assert form is not None
    assert int(form[1]) == number
    assert name == f"entries/{number:08d}.json", "as a bundle names it"


def test_a_number_with_more_noughts_than_a_bundle_writes_is_another_file_that_nobody_checks() -> None:
    assert verify_evidence.ENTRY.fullmatch("entries/000000002.json") is None
