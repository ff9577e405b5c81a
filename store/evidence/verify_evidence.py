#!/usr/bin/env python3
"""Checks a quarterdeck evidence bundle without quarterdeck: Python's standard library and `cryptography`, nothing else.

    python3 verify_evidence.py BUNDLE.zip [--log-key VKEY] [--second-key VKEY]

Give the log's key as you got it from somewhere else than this bundle: without `--log-key` the bundle's own is used,
and then the result only says that the bundle agrees with itself. So it is with `--second-key`, for a log that has
one (ML-DSA-44): without it, the one that entries in the bundle name. Read this file before you run it:
it is one file of some 500 lines, in the order of this list.

What is checked, in this order:
  1. the checkpoint is signed by the log's key                        (C2SP signed-note, tlog-checkpoint)
  2. each entry hashes to a leaf that its proof puts into the tree     (RFC 9162 inclusion, C2SP tlog-proof)
  3. each statement and signature beside an entry is the one inside it, byte for byte
  4. each act of a person is signed, by a key of theirs that was enrolled and valid at that entry (OpenSSH SSHSIG)
     and `allowed_signers` lists nobody and no key that the entries do not
  5. each artifact hashes to the name that entries give it, and those that were approved are here   (SHA-256)
     and the bundle holds no file beside all these, and none twice; nothing vouches for its README.md and for
     the copy of this program in it, which are there to be read
  6. the checkpoint is signed by the log's second key, if it has one   (ML-DSA-44, C2SP tlog-cosignature); where this
     `cryptography` does not know that kind, "not checked" is said, and it is a failure if you gave the key
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import struct
import sys
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

try:
    from cryptography.hazmat.primitives.asymmetric import mldsa
except ImportError:  # an older `cryptography`
    mldsa = None  # type: ignore[assignment]

NAMESPACE = b"quarterdeck@v1"
PROGRAM = "system"
ACTS = frozenset({
    "anomaly.acknowledged", "approval.granted", "approval.refused", "artifact.shredded", "artifact.unsealed",
    "checklist.ticked", "clock.corrected", "connectors.reviewed", "deployment.started", "drift.acknowledged",
    "drift.adopted", "drift.reopened", "entry.annotated", "environment.added", "environment.edited",
    "environment.frozen", "environment.specified", "environment.thawed", "exception.ended", "exception.granted",
    "finding.assigned",
    "finding.closed", "finding.noted", "finding.opened", "glass.broken", "glass.ended", "glass.reviewed",
    "incident.closed", "incident.noted", "incident.opened", "key.added", "key.revoked", "ledger.restored",
    "log.key-rotated", "log.second-key-set", "playbook.started", "playbook.ticked", "policy.adopted",
    "policy.reviewed", "principal.added", "principal.reinstated", "principal.suspended", "rehearsal.started",
    "release.quarantine-lifted", "report.added", "request.comment-resolved", "request.commented",
    "request.edited", "request.opened", "request.submitted", "request.withdrawn", "role.granted", "role.revoked",
    "rollback.started", "testdata.recorded",
})  # fmt: skip
"""Kinds of entry that are acts of people. A kind that is missing here is still not taken unsigned from a person."""
LIMIT = 512 * 1024 * 1024
NUMBER = "([0-9]{8}|[1-9][0-9]{8,})"
ENTRY = re.compile(rf"entries/{NUMBER}\.json")
BESIDE = re.compile(rf"(?:proofs/{NUMBER}\.tlog-proof|statements/{NUMBER}\.json(?:\.sig)?)")
OTHERS = re.compile(
    r"checkpoint|log\.vkey|allowed_signers|verify_evidence\.py|README\.md|artifacts/[0-9a-f]{64}-[\w.-]+", re.ASCII
)
"""What a bundle's files are called: anything else is nobody's evidence."""


class Wrong(Exception):
    """Something does not check."""


BAD = (Wrong, InvalidSignature, KeyError, ValueError, IndexError, TypeError, struct.error, RecursionError)
"""What reading bytes that somebody made up may raise."""


class NotChecked(Exception):
    """Something could not be checked here."""


class Found(NamedTuple):
    """What a run says, line by line."""

    good: list[str]
    bad: list[str]
    unchecked: list[str]


class Head(NamedTuple):
    """What the log signed."""

    note: bytes
    origin: str
    size: int
    root: bytes


def read(bundle: zipfile.ZipFile, name: str) -> bytes:
    """Return one member of the bundle."""
    try:
        info = bundle.getinfo(name)
    except KeyError:
        raise Wrong(f"the bundle holds no {name}") from None
    if info.file_size > LIMIT:
        raise Wrong(f"{name} is larger than anything quarterdeck writes")
    return bundle.read(info)


def text_of(data: bytes, name: str) -> str:
    """Return what a member of that name says."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise Wrong(f"{name}: it is no text in UTF-8") from None


def signature_of(note: bytes, vkey: str, kind: int) -> tuple[bytes, bytes, bytes]:
    """Return (public key, text, signature) for the key `vkey` (name+id+base64(kind || public)) among a note's."""
    whose = "log" if kind == 1 else "second"
    name, key_id, key = key_of(vkey, kind)
    text, _, lines = note.rpartition(b"\n\n")
    for line in text_of(lines, "checkpoint").splitlines():
        try:
            dash, signer, encoded = line.split(" ", 2)
            value = base64.b64decode(encoded, validate=True)
        except ValueError:
            raise Wrong(f"the checkpoint has a line that is no signature: {line[:80]!r}") from None
        if dash == "\u2014" and signer == name and value[:4].hex() == key_id:
            return key[1:], text + b"\n", value[4:]
    raise Wrong(f"the checkpoint is not signed by the {whose} key")


def key_of(vkey: str, kind: int) -> tuple[str, str, bytes]:
    """Return (name, key id, kind || public key) of a note verifier key, C2SP signed-note."""
    try:
        name, key_id, encoded = vkey.strip().split("+", 2)
        key = base64.b64decode(encoded, validate=True)
    except ValueError:
        name, key_id, key = "", "", b""
    if key[:1] != bytes([kind]) or hashlib.sha256(name.encode() + b"\n" + key).digest()[:4].hex() != key_id:
        raise Wrong(
            f"{vkey.strip()[:80]!r} is no {'log' if kind == 1 else 'second'} key: it has the form name+id+base64"
        )
    return name, key_id, key


def open_checkpoint(note: bytes, vkey: str) -> Head:
    """Return what a checkpoint note says that the log's Ed25519 key signed."""
    public, text, signature = signature_of(note, vkey, 1)
    try:
        ed25519.Ed25519PublicKey.from_public_bytes(public).verify(signature, text)
    except InvalidSignature:
        raise Wrong("the checkpoint is not what the log key signed") from None
    origin, size, root = text.decode().split("\n")[:3]
    return Head(note, origin, int(size), base64.b64decode(root, validate=True))


def check_second(head: Head, vkey: str) -> None:
    """Make sure that the log's second key signed the checkpoint: ML-DSA-44 over what it says, not over its text."""
    public, _, signature = signature_of(head.note, vkey, 6)
    named = [bytes([len(name)]) + name for name in (vkey.split("+", 1)[0].encode(), head.origin.encode())]
    numbers = [number.to_bytes(8, "big") for number in (0, head.size)]
    message = b"subtree/v1\n\0" + named[0] + signature[:8] + named[1] + b"".join(numbers) + head.root
    if mldsa is None:
        raise NotChecked("this `cryptography` knows no ML-DSA-44")
    try:
        mldsa.MLDSA44PublicKey.from_public_bytes(public).verify(signature[8:], message)
    except UnsupportedAlgorithm:
        raise NotChecked("the OpenSSL of this `cryptography` knows no ML-DSA-44") from None


def leaf_hash(body: bytes) -> bytes:
    """RFC 9162, 2.1.1."""
    return hashlib.sha256(b"\x00" + body).digest()


def check_inclusion(index: int, size: int, leaf: bytes, proof: list[bytes], root: bytes) -> None:
    """RFC 9162, 2.1.3.2."""
    if not 0 <= index < size:
        raise Wrong("the proof is for an entry outside the tree")
    fn, sn, r = index, size - 1, leaf
    for p in proof:
        if sn == 0:
            raise Wrong("the proof is too long")
        if fn & 1 or fn == sn:
            r = hashlib.sha256(b"\x01" + p + r).digest()
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = hashlib.sha256(b"\x01" + r + p).digest()
        fn, sn = fn >> 1, sn >> 1
    if sn or r != root:
        raise Wrong("the entry is not in the tree that the checkpoint signs")


def parse_proof(data: bytes) -> tuple[int, list[bytes], bytes]:
    """Return (index, hashes, checkpoint) of a .tlog-proof file."""
    head, _, checkpoint = data.partition(b"\n\n")
    lines = head.decode().split("\n")
    if lines[0] != "c2sp.org/tlog-proof@v1" or not lines[1].startswith("index "):
        raise Wrong("not a tlog-proof")
    return int(lines[1][6:]), [base64.b64decode(line, validate=True) for line in lines[2:]], checkpoint


class Wire:
    """Reads SSH's strings."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def take(self, count: int) -> bytes:
        if self.at + count > len(self.data):
            raise Wrong("an SSH structure is cut off")
        self.at += count
        return self.data[self.at - count : self.at]

    def u32(self) -> int:
        return int.from_bytes(self.take(4), "big")

    def string(self) -> bytes:
        return self.take(self.u32())

    def mpint(self) -> int:
        return int.from_bytes(self.string(), "big")

    def end(self) -> None:
        if self.at != len(self.data):
            raise Wrong("bytes after the end of an SSH structure")


def ssh_string(data: bytes) -> bytes:
    """Return `data` as an SSH string."""
    return struct.pack(">I", len(data)) + data


def check_sshsig(blob: bytes, message: bytes, key_line: str) -> None:
    """Check an SSHSIG blob over `message` by the key of one `type base64` line."""
    enrolled = base64.b64decode(key_line.split()[1], validate=True)
    outer = Wire(blob)
    if outer.take(6) != b"SSHSIG" or outer.u32() != 1:
        raise Wrong("not an SSH signature")
    public, namespace, reserved, algorithm, signature = (outer.string() for _ in range(5))
    outer.end()
    if public != enrolled or namespace != NAMESPACE or reserved or algorithm != b"sha512":
        raise Wrong("another key, namespace or hash")
    digest = hashlib.sha512(message).digest()
    data = b"SSHSIG" + ssh_string(namespace) + ssh_string(reserved) + ssh_string(algorithm) + ssh_string(digest)
    key = Wire(public)
    kind = key.string()
    sig = Wire(signature)
    named, raw = sig.string(), sig.string()
    if kind.startswith(b"sk-"):
        facts = sig.take(5)
        application = Wire(public)
        for _ in range(3 if kind.startswith(b"sk-ecdsa") else 2):
            application.string()
        data = hashlib.sha256(application.string()).digest() + facts + hashlib.sha256(data).digest()
    sig.end()
    if kind in (b"ssh-ed25519", b"sk-ssh-ed25519@openssh.com") and named == kind:
        ed25519.Ed25519PublicKey.from_public_bytes(key.string()).verify(raw, data)
    elif (kind.startswith((b"ecdsa-sha2-", b"sk-ecdsa-sha2-nistp256"))) and named == kind:
        curve, point = key.string(), key.string()
        chosen, digest_of = {
            b"nistp256": (ec.SECP256R1(), hashes.SHA256()),
            b"nistp384": (ec.SECP384R1(), hashes.SHA384()),
            b"nistp521": (ec.SECP521R1(), hashes.SHA512()),
        }[curve]
        pair = Wire(raw)
        der = encode_dss_signature(pair.mpint(), pair.mpint())
        ec.EllipticCurvePublicKey.from_encoded_point(chosen, point).verify(der, data, ec.ECDSA(digest_of))
    elif kind == b"ssh-rsa" and named in (b"rsa-sha2-256", b"rsa-sha2-512"):
        e, n = key.mpint(), key.mpint()
        digest_of = hashes.SHA256() if named == b"rsa-sha2-256" else hashes.SHA512()
        rsa.RSAPublicNumbers(e, n).public_key().verify(raw, data, padding.PKCS1v15(), digest_of)
    else:
        raise Wrong(f"a {kind.decode(errors='replace')} key with a {named.decode(errors='replace')} signature")


def unarmored(armor: bytes) -> bytes:
    """Return the SSHSIG in the file that `ssh-keygen -Y verify` reads."""
    lines = armor.decode().split("\n")
    if lines[:1] != ["-----BEGIN SSH SIGNATURE-----"] or lines[-2:] != ["-----END SSH SIGNATURE-----", ""]:
        raise Wrong("the signature beside the entry is no signature file")
    encoded = "".join(lines[1:-2])
    blob = base64.b64decode(encoded, validate=True)
    if base64.b64encode(blob).decode() != encoded:
        raise Wrong("the signature beside the entry is not written as base64 is")
    return blob


def canonical(value: object) -> bytes:
    """RFC 8785 for what entries hold: no fractions, so sorted keys and compact separators are enough."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


class Keys:
    """Who could sign when, folded from the entries in the bundle."""

    def __init__(self) -> None:
        self.periods: dict[str, list[list[Any]]] = {}
        self.second = ""
        """The log's own second key; empty where it has none."""

    def fold(self, seq: int, statement: dict[str, Any]) -> None:
        """Take note of keys that an entry enrols or revokes."""
        kind, data, handle = statement["kind"], statement["data"], statement["on"].get("principal")
        if kind == "principal.added":
            self.periods[handle] = [[line, seq, None, ""] for line in data["keys"]]
        elif kind == "key.added":
            self.periods.setdefault(handle, []).append([data["key"], seq + 1, None, ""])
        elif kind == "key.revoked":
            for period in self.periods.get(handle, []):
                if period[0] == data["key"] and period[2] is None:
                    period[2] = seq + 1
                    period[3] = "".join(c for c in statement["time"][:19] if c.isdigit()) + "Z"
        elif kind == "log.second-key-set":
            self.second = data["second_key"]

    def check(self, seq: int, statement: dict[str, Any], blob: bytes, message: bytes) -> None:
        """Make sure that the actor signed `message` with a key valid at entry `seq`."""
        if statement["kind"] == "principal.added" and not self.periods:
            lines = statement["data"]["keys"]  # the first admin vouches for itself
        else:
            periods = self.periods.get(statement["actor"], [])
            lines = [line for line, since, until, _ in periods if since <= seq and (until is None or seq < until)]
        for line in lines:
            try:
                check_sshsig(blob, message, line)
            except (Wrong, InvalidSignature):
                continue
            return
        raise Wrong(f"the signature is not {statement['actor']}'s by any key valid at entry {seq}")


def check_entry(bundle: zipfile.ZipFile, seq: int, head: Head, keys: Keys) -> tuple[dict[str, Any], str]:
    """Check one entry: its place in the tree, its form, its signature; return its statement and what it is."""
    body = read(bundle, f"entries/{seq:08d}.json")
    index, proof, _ = parse_proof(read(bundle, f"proofs/{seq:08d}.tlog-proof"))
    if index != seq - 1:
        raise Wrong("the proof is for another entry")
    check_inclusion(index, head.size, leaf_hash(body), proof, head.root)
    entry = json.loads(body)
    if canonical(entry) != body or entry["seq"] != seq or entry["statement"]["origin"] != head.origin:
        raise Wrong("the entry is not canonical, or says it is another one")
    statement: dict[str, Any] = entry["statement"]
    message = canonical(statement)
    signed = entry["sig"] is not None
    if not signed and (statement["actor"] != PROGRAM or statement["kind"] in ACTS):
        raise Wrong(f"an act of {statement['actor']} ({statement['kind']}) that nobody signed")
    if not signed and not {f"statements/{seq:08d}.json", f"statements/{seq:08d}.json.sig"}.isdisjoint(
        bundle.NameToInfo
    ):
        raise Wrong("a statement or a signature lies beside it, and nobody signed it")
    if signed:
        blob = base64.b64decode(entry["sig"], validate=True)
        if read(bundle, f"statements/{seq:08d}.json") != message:
            raise Wrong("the statement beside the entry is not the one inside it")
        if unarmored(read(bundle, f"statements/{seq:08d}.json.sig")) != blob:
            raise Wrong("the signature beside the entry is not the one inside it")
        keys.check(seq, statement, blob, message)
    keys.fold(seq, statement)
    how = "signature checked" if signed else "an observation of the program, which nobody signs"
    return statement, f"{statement['kind']} by {statement['actor']}, in the tree, {how}"


def check_signers(bundle: zipfile.ZipFile, keys: Keys) -> Iterator[str]:
    """Yield what is wrong with the list that ssh-keygen is to believe: it holds just what the entries enrol."""
    known: list[str] = []
    for name, periods in keys.periods.items():
        for line, _, _, ended in periods:
            options = 'namespaces="quarterdeck@v1"' + (f',valid-before="{ended}"' if ended else "")
            known.append(f"{name} {options} {line}\n")
    listed = [f"{line}\n" for line in text_of(read(bundle, "allowed_signers"), "allowed_signers").split("\n")]
    listed[-1] = listed[-1][:-1]  # nothing, behind the newline that ends the list
    for line in listed[:-1]:
        if line not in known:
            yield f"allowed_signers: no entry in this bundle enrols this: {line[:120]!r}"
    if sorted(listed) != sorted(["", *known]):
        yield "allowed_signers: it is not the list of the keys that the entries enrol, each in one line"


def check_artifacts(bundle: zipfile.ZipFile, statements: list[dict[str, Any]]) -> Iterator[tuple[bool, str]]:
    """Yield (is it good?, line) for every artifact that is here, and for those that were approved and are not."""
    here: dict[str, bytes] = {}
    for name in sorted(name for name in bundle.namelist() if name.startswith("artifacts/")):
        data, digest = read(bundle, name), name[10:74]
        if hashlib.sha256(data).hexdigest() == digest:
            here[digest] = data
        else:
            yield False, f"artifact {digest[:16]}: the bytes are others"
    approved = [statement["data"] for statement in statements if statement["kind"] == "approval.granted"]
    named = json.dumps(statements)
    for manifest in {data["manifest"] for data in approved}:  # a long release is approved by its list of files
        named += here.get(manifest, b"").decode()
    for digest in here:
        if digest not in named:
            yield False, f"artifact {digest[:16]}: no entry in this bundle names it"
        else:
            yield True, f"artifact {digest[:16]}: the bytes are the digest's"
    for digest in sorted({one for data in approved for one in (data["manifest"], *data["artifacts"])} - set(here)):
        yield False, f"artifact {digest[:16]}: it was approved, and is not in this bundle"


def check_names(bundle: zipfile.ZipFile, entries: set[str]) -> Iterator[str]:
    """Yield what is wrong with the files' names: one that no bundle holds, or twice, would be looked at unchecked."""
    seen = set[str]()
    for name in bundle.namelist():
        beside = BESIDE.fullmatch(name)
        vouched = f"entries/{beside[1] or beside[2]}.json" in entries if beside else bool(OTHERS.fullmatch(name))
        if not vouched and name not in entries:
            yield f"{name[:80]!r}: nothing in this bundle vouches for this file"
        elif name in seen:
            yield f"{name[:80]!r}: it is there twice"
        seen.add(name)


def check_head(bundle: zipfile.ZipFile, vkey: str | None, found: Found) -> Head:
    """Check the checkpoint, by the key given or by the bundle's own; return it."""
    own = text_of(read(bundle, "log.vkey"), "log.vkey")
    try:
        head = open_checkpoint(read(bundle, "checkpoint"), vkey or own)
    except Wrong as error:
        raise error if vkey else Wrong(f"{error} (the key is from log.vkey)") from None
    if own != own.strip() + "\n":
        found.bad.append("log.vkey: it is not one line that holds a key")
    if vkey and own.strip() != vkey.strip():
        found.bad.append("log.vkey: it is another key than the one you gave, which signed the checkpoint")
    return head


def check_entries(bundle: zipfile.ZipFile, names: set[str], head: Head, keys: Keys, found: Found) -> Iterator[Any]:
    """Check every entry that is here, in order, and note its keys; yield the statements of the good ones."""
    for seq in sorted(int(name[len("entries/") : -len(".json")]) for name in names):
        try:
            statement, what = check_entry(bundle, seq, head, keys)
            found.good.append(f"entry {seq}: {what}")
            yield statement
            if parse_proof(read(bundle, f"proofs/{seq:08d}.tlog-proof"))[2] != head.note:
                found.bad.append(f"entry {seq}: its proof names another checkpoint than the one in the bundle")
        except Wrong as error:
            found.bad.append(f"entry {seq}: {error}")
        except BAD as error:
            why = error or type(error).__name__
            found.bad.append(f"entry {seq}: it, its proof or its signature is malformed ({why})")
    if not names:
        found.bad.append("entries: there are none in this bundle")


def check(path: str, vkey: str | None, second: str | None) -> Found:
    """Check everything in the bundle; return what was found."""
    found = Found([], [], [])
    with zipfile.ZipFile(path) as bundle:
        head = check_head(bundle, vkey, found)
        names = set(filter(ENTRY.fullmatch, bundle.namelist()))
        found.good.append(f"checkpoint: {head.origin} signed a tree of {head.size} entries; {len(names)} are here")
        keys = Keys()
        statements = list(check_entries(bundle, names, head, keys, found))
        found.bad.extend(check_names(bundle, names))
        found.bad.extend(check_signers(bundle, keys))
        for is_good, line in check_artifacts(bundle, statements):
            (found.good if is_good else found.bad).append(line)
    if second or keys.second:
        whose = "you gave" if second else "that an entry names"
        try:
            check_second(head, second or keys.second)
            found.good.append(f"checkpoint: signed by the second key (ML-DSA-44) {whose} too")
        except NotChecked as error:
            line = f"the second signature of the checkpoint was not checked: {error}"
            (found.bad if second else found.unchecked).append(line)
        except BAD as error:
            found.bad.append(f"checkpoint, second key {whose}: {error or type(error).__name__}")
    return found


def option(arguments: list[str], name: str) -> str | None:
    """Return what follows `name` among the arguments; None where it is not there."""
    return [*arguments, ""][arguments.index(name) + 1] if name in arguments else None


def main(arguments: list[str]) -> int:
    """Check the bundle named and print what was found; return the exit status."""
    if not arguments or arguments[0].startswith("-"):
        print(__doc__)
        return 2
    vkey, second = option(arguments, "--log-key"), option(arguments, "--second-key")
    if "" in (vkey, second):
        print("INVALID: a key is missing after --log-key or --second-key")
        return 2
    try:
        for given, kind in ((vkey, 1), (second, 6)):
            if given is not None:
                key_of(given, kind)
    except Wrong as error:
        print(f"NOT CHECKED: {ascii(str(error))[1:-1]}")
        return 2
    try:
        good, bad, unchecked = check(arguments[0], vkey, second)
    except OSError as error:
        print(f"NOT CHECKED: {ascii(str(error))[1:-1]}")
        return 2
    except Wrong as error:
        print(f"INVALID: {ascii(str(error))[1:-1]}")
        return 1
    except (*BAD, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error) as error:
        print(f"INVALID: the bundle is malformed ({ascii(str(error))[1:-1] or type(error).__name__})")
        return 1
    for line in good:
        print("ok   ", ascii(line)[1:-1])
    for line in bad:
        print("WRONG", ascii(line)[1:-1])
    for line in unchecked:
        print("NOT CHECKED", ascii(line)[1:-1])
    against = "the log key you gave" if vkey else "the bundle's own log key only: give --log-key from elsewhere"
    print(f"{'VALID' if not bad else 'INVALID'}: {len(good)} checks passed, {len(bad)} failed, against {against}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
