"""DSSE by the specification's own example, and real envelopes around in-toto statements."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from store.errors import BadInput, IntegrityFailure
from store.integrity import dsse
from store.integrity.strict_json import parse

VECTORS = Path(__file__).resolve().parents[3] / "shared" / "data" / "vectors" / "dsse-intoto"
needs_vectors = pytest.mark.skipif(not VECTORS.exists(), reason="the folder of vectors (../shared/data) is not here")


def example() -> dict[str, Any]:
    return json.loads((VECTORS / "dsse_protocol_vector.json").read_bytes())


def trusts(key: dict[str, Any]) -> Any:
    public = ec.EllipticCurvePublicNumbers(int(key["x"]), int(key["y"]), ec.SECP256R1()).public_key()

    def check(signature: bytes, signed: bytes) -> bool:
        r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
        try:
            public.verify(encode_dss_signature(r, s), signed, ec.ECDSA(hashes.SHA256()))
        except InvalidSignature:
            return False
        return True

    return check


@needs_vectors
def test_the_encoding_is_the_specifications_own() -> None:
    for case in example()["pae"]:
        assert dsse.pae(case["payloadType"], case["body"].encode()) == case["pae"].encode()


@needs_vectors
def test_the_specifications_envelope_verifies_and_no_altered_one_does() -> None:
    vector = example()
    check = trusts(vector["key"])
    assert dsse.verify(dsse.parse(vector["envelope"]), check) == b"hello world"
    for change in ({"payload": "aGVsbG8gd29ybGU="}, {"payloadType": "http://example.com/HelloWorlds"}):
        with pytest.raises(IntegrityFailure):
            dsse.verify(dsse.parse(vector["envelope"] | change), check)


@needs_vectors
def test_real_envelopes_hold_in_toto_statements() -> None:
    lines = [line for path in sorted(VECTORS.glob("*.jsonl")) for line in path.read_bytes().splitlines() if line]
    assert len(lines) >= 3
    for line in lines:
        document = json.loads(line)
        envelope = dsse.parse(document.get("dsseEnvelope", document))  # Sigstore wraps it once more
        assert envelope.kind == "application/vnd.in-toto+json"
        statement = parse(envelope.payload).value
        assert isinstance(statement, dict)
        assert str(statement["_type"]).startswith("https://in-toto.io/Statement/v")
        with pytest.raises(IntegrityFailure):
            dsse.verify(envelope, lambda *_: False)


def test_what_is_sealed_opens_with_the_same_key_only() -> None:
    key, other = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    document = dsse.sealed("text/plain", b"\x00any bytes\xff", key_id="k", sign=key.sign)
    envelope = dsse.parse(json.loads(json.dumps(document)))
    for one, opens in ((key, True), (other, False)):

        def check(signature: bytes, signed: bytes, one: Ed25519PrivateKey = one) -> bool:
            try:
                one.public_key().verify(signature, signed)
            except InvalidSignature:
                return False
            return True

        if opens:
            assert dsse.verify(envelope, check) == b"\x00any bytes\xff"
        else:
            with pytest.raises(IntegrityFailure):
                dsse.verify(envelope, check)


@pytest.mark.parametrize(
    "change",
    [{"payload": None}, {"payload": "!"}, {"payloadType": 1}, {"signatures": []}, {"signatures": [1]},
     {"signatures": [{"sig": "*"}]}, {"signatures": [{"sig": "AA==", "keyid": 1}]}, {"signatures": {}}],
    ids=str,
)  # fmt: skip
def test_what_is_no_envelope_is_refused(change: dict[str, Any]) -> None:
    good = dsse.sealed("t", b"x", key_id="k", sign=lambda _: b"s")
    with pytest.raises(BadInput, match="DSSE"):
        dsse.parse(good | change)
