"""Bad input of issue 3: each a named error in one line, never a traceback, never "valid"."""

from __future__ import annotations

import base64
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from cli_desk import Desk, Ran

OTHER = "— other.example/key AAAAAAAAAAA=\n"


def refused(ran: Ran, *, said: str = "") -> None:
    assert ran.status in {1, 2}, ran.text
    assert ran.out == b""
    assert ran.complaint.count("\n") == 1, ran.complaint
    assert ran.complaint.startswith("quarterdeck: ")
    assert said in ran.complaint, ran.complaint


@pytest.fixture(scope="module")
def evidence(released: Desk, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A desk with a checkpoint, a proof, the entry it proves, and another entry."""
    desk = released.copy_to(tmp_path_factory.mktemp("evidence"))
    desk.run("checkpoint", "--out", "head.note", status=0)
    desk.run("prove", "3", "--out", "3.tlog-proof", status=0)
    desk.run("export", "statement", "3", "--out", "three", status=0)
    desk.run("export", "statement", "4", "--out", "four", status=0)
    desk.run("verify", "--from", "head.note", status=0)
    desk.run("verify-proof", "3.tlog-proof", "three/entry.json", status=0)
    return desk


def malleable(note: str) -> str:
    """Change the last character of the signature so that a careless decoder reads the same bytes."""
    line = note.rstrip("\n")
    last = next(n for n in range(len(line) - 1, 0, -1) if line[n] != "=")
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    changed = line[:last] + alphabet[alphabet.index(line[last]) ^ 1] + line[last + 1 :]
    assert base64.b64decode(changed.split()[-1]) == base64.b64decode(line.split()[-1])
    return changed + "\n"


def sized(size: str) -> Callable[[str], str]:
    def change(note: str) -> str:
        lines = note.split("\n")
        lines[1] = size
        return "\n".join(lines)

    return change


def rooted(root: str) -> Callable[[str], str]:
    def change(note: str) -> str:
        lines = note.split("\n")
        lines[2] = root
        return "\n".join(lines)

    return change


NOTES: dict[str, tuple[Callable[[str], str], str]] = {
    "no note": (lambda note: "hello\n", "no signature lines"),
    "nothing but a blank line": (lambda note: "\n\n", "signature line"),
    "without its signature": (lambda note: note.partition("\n\n")[0] + "\n", "no signature lines"),
    "signed by strangers only": (lambda note: note.partition("\n\n")[0] + "\n\n" + OTHER, "no key that is known"),
    "another size": (sized("2"), "signature"),
    "size 0": (sized("0"), "signature"),
    "a size with a leading zero": (sized("09"), "signature"),
    "another root": (rooted("A" * 43 + "="), "signature"),
    "a root of the wrong length": (rooted("AAAA"), "signature"),
    "a malleable last character": (malleable, "no signature line"),
    "junk in base64": (lambda note: note.replace("= ", "=").rstrip("\n") + "!\n", "no signature line"),
    "a control character": (lambda note: note.replace("\n", "\r\n"), "control characters"),
    "a trailing newline": (lambda note: note + "\n", "no signature line"),
    "a hundred signatures more": (lambda note: note + OTHER * 100, "more than 100"),
    "a megabyte of text": (lambda note: "x" * 1_000_001 + note, "longer than"),
}


@pytest.mark.parametrize("name", NOTES)
def test_a_bad_checkpoint_is_named(evidence: Desk, name: str, tmp_path: Path) -> None:
    change, said = NOTES[name]
    bad = tmp_path / "bad.note"
    bad.write_bytes(change((evidence.root / "head.note").read_text()).encode())
    refused(evidence.run("verify", "--from", bad), said=said)


def test_a_stranger_beside_the_known_key_is_ignored_but_not_a_bad_signature_of_it(
    evidence: Desk, tmp_path: Path
) -> None:
    note = (evidence.root / "head.note").read_text()
    beside = tmp_path / "beside.note"
    beside.write_text(note + OTHER)
    evidence.run("verify", "--from", beside, status=0)
    signature = note.splitlines()[-1]
    wrong = bytearray(base64.b64decode(signature.split()[-1]))
    wrong[-1] ^= 1
    line = signature.rpartition(" ")[0] + " " + base64.b64encode(wrong).decode()
    beside.write_text(f"{note}{line}\n")
    refused(evidence.run("verify", "--from", beside), said="is wrong")


PROOFS: dict[str, tuple[Callable[[list[str]], list[str]], str]] = {
    "another index": (lambda lines: [lines[0], "index 5", *lines[2:]], "leads to another root"),
    "an index with a leading zero": (lambda lines: [lines[0], "index 02", *lines[2:]], "index"),
    "an index beyond the tree": (lambda lines: [lines[0], "index 99999", *lines[2:]], "no leaf"),
    "a hash less": (lambda lines: [*lines[:2], *lines[3:]], "inclusion proof"),
    "a hash twice": (lambda lines: [*lines[:3], *lines[2:]], "inclusion proof"),
    "a hash of the wrong length": (lambda lines: [*lines[:2], "AAAA", *lines[3:]], "32 bytes"),
    "a malleable hash": (lambda lines: [*lines[:2], malleable(lines[2]).strip(), *lines[3:]], "canonical base64"),
    "junk": (lambda lines: [*lines[:2], lines[2] + "!", *lines[3:]], "canonical base64"),
    "no header": (lambda lines: lines[1:], "not a c2sp.org/tlog-proof@v1 file"),
    "an older version": (lambda lines: ["c2sp.org/tlog-proof@v0", *lines[1:]], "not a c2sp.org/tlog-proof@v1 file"),
    "no checkpoint": (lambda lines: [*lines[: lines.index("")], ""], "with a checkpoint"),
    "64 hashes": (lambda lines: [*lines[:2], *[lines[2]] * 64, *lines[lines.index("") :]], "at most 63"),
}


@pytest.mark.parametrize("name", PROOFS)
def test_a_bad_proof_is_named(evidence: Desk, name: str, tmp_path: Path) -> None:
    change, said = PROOFS[name]
    bad = tmp_path / "bad.tlog-proof"
    bad.write_text("\n".join(change((evidence.root / "3.tlog-proof").read_text().split("\n"))))
    refused(evidence.run("verify-proof", bad, evidence.root / "three" / "entry.json"), said=said)


def test_a_proof_is_of_one_entry_in_one_log(evidence: Desk, tmp_path: Path) -> None:
    proof = evidence.root / "3.tlog-proof"
    refused(evidence.run("verify-proof", proof, evidence.root / "four" / "entry.json"), said="another root")
    other = Desk(tmp_path)
    shutil.copy(evidence.root / "alice", tmp_path / "alice")
    other.run("init", "ws", "--name", "alice", key="alice", status=0)
    other.run("prove", "1", "--out", "1.tlog-proof", status=0)
    refused(
        evidence.run("verify-proof", tmp_path / "1.tlog-proof", evidence.root / "three" / "entry.json"),
        said="no key that is known",
    )
    big = tmp_path / "big.tlog-proof"
    big.write_bytes(proof.read_bytes() + b"x" * 1_200_000)
    refused(evidence.run("verify-proof", big, evidence.root / "three" / "entry.json"), said="too long")


def test_a_file_that_cannot_be_taken_is_named(evidence: Desk, tmp_path: Path) -> None:
    """Whoever named two files has to be told which of them is meant."""
    entry = evidence.root / "three" / "entry.json"
    for bad, said in ((tmp_path / "empty", "it is empty"), (tmp_path / "none", "not there"), (tmp_path, "a folder")):
        (tmp_path / "empty").touch()
        refused(evidence.run("verify", "--from", bad), said=said)
        refused(evidence.run("verify", "--from", bad), said=f"{bad}: ")
        refused(evidence.run("verify-proof", bad, entry), said=f"{bad}: ")
        refused(evidence.run("verify-proof", evidence.root / "3.tlog-proof", bad), said=f"{bad}: ")


@pytest.mark.parametrize("text", ["", "{}", "quarterdeck\nmany\n"])
def test_a_file_that_is_no_checkpoint_says_nothing_of_a_ledger(evidence: Desk, tmp_path: Path, text: str) -> None:
    head = tmp_path / "head"
    head.write_text(text)
    refused(evidence.run("verify", "--file", "ws/ledger.db", "--head", head), said=str(head))


def test_a_time_limit_is_a_number_of_seconds(evidence: Desk) -> None:
    ran = evidence.run("verify", "--file", "ws/ledger.db", "--time-limit", "nan")
    refused(ran, said="nan")


@pytest.mark.parametrize("command", [("export", "signers"), ("export", "evidence"), ("checkpoint",), ("prove", "1")])
def test_evidence_is_not_written_over_a_folder(evidence: Desk, tmp_path: Path, command: tuple[str, ...]) -> None:
    refused(evidence.run(*command, "--out", tmp_path), said="it is a folder")
    below = tmp_path / "file"
    below.write_text("mine")
    refused(evidence.run(*command, "--out", below / "out"), said=f"{below} is no folder")
    assert below.read_text() == "mine"
