"""DSSE envelopes (secure-systems-lab/dsse v1): the payload is signed with its type, never JSON written again."""

from __future__ import annotations

from base64 import b64decode, b64encode, urlsafe_b64decode
from binascii import Error as Base64Error
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from store.errors import BadInput, IntegrityFailure


@dataclass(frozen=True, kw_only=True, slots=True)
class Envelope:
    """A payload, what kind it says it is, and signatures; nothing of it is checked before `verify`."""

    kind: str
    """`payloadType`: a media type or URI."""
    payload: bytes = field(repr=False)
    signatures: tuple[tuple[str | None, bytes], ...]
    """(key id, signature): the key id is a hint and signed by nobody."""


def pae(kind: str, payload: bytes) -> bytes:
    """Return the pre-authentication encoding: the bytes that a signature is over ("PAE" in DSSE's protocol)."""
    return b"DSSEv1 %d %s %d %s" % (len(kind.encode()), kind.encode(), len(payload), payload)


def sealed(kind: str, payload: bytes, *, key_id: str, sign: Callable[[bytes], bytes]) -> dict[str, Any]:
    """Return the envelope of `payload` as its JSON object, with one signature by `sign`."""
    signature = b64encode(sign(pae(kind, payload))).decode()
    return {
        "payload": b64encode(payload).decode(),
        "payloadType": kind,
        "signatures": [{"keyid": key_id, "sig": signature}],
    }


def parse(document: Mapping[str, Any]) -> Envelope:
    """Return the envelope that a JSON object is.

    Raises:
        BadInput: it is none; says which member is wrong.
    """
    kind, signatures = document.get("payloadType"), document.get("signatures")
    if not isinstance(kind, str) or not isinstance(signatures, list) or not signatures:
        raise BadInput("DSSE: an envelope has a payloadType and at least one signature")
    found = []
    for one in signatures:
        if not isinstance(one, dict) or not isinstance(one.get("keyid", ""), str | None):
            raise BadInput("DSSE: a signature is an object with sig and perhaps keyid")
        found.append((one.get("keyid"), _bytes(one.get("sig"), "sig")))
    return Envelope(kind=kind, payload=_bytes(document.get("payload"), "payload"), signatures=tuple(found))


def verify(envelope: Envelope, check: Callable[[bytes, bytes], bool]) -> bytes:
    """Return the payload if `check` (signature, signed bytes) accepts one of the signatures.

    Raises:
        IntegrityFailure: it accepts none.
    """
    signed = pae(envelope.kind, envelope.payload)
    if not any(check(signature, signed) for _, signature in envelope.signatures):
        raise IntegrityFailure("DSSE: no signature is by a key that is trusted here")
    return envelope.payload


def _bytes(text: object, name: str) -> bytes:
    """Decode base64 in either alphabet, as the protocol asks of readers."""
    if not isinstance(text, str):
        raise BadInput(f"DSSE: {name} is missing")
    try:
        return urlsafe_b64decode(text) if set(text) & set("-_") else b64decode(text, validate=True)
    except (Base64Error, ValueError):
        raise BadInput(f"DSSE: {name} is not base64") from None
