"""ML-DSA-44 signatures of checkpoints (c2sp.org/tlog-cosignature, type 0x06): the ones a quantum computer leaves whole.

Unlike an Ed25519 one it is not over the note's text but over what the text says, and it commits to the signer's name.
A log that signs its own checkpoints makes no statement about time: its timestamp is 0, as the format allows.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey

from store.errors import BadInput, IntegrityFailure

PUBLIC_BYTES = 1312
SIGNATURE_BYTES = 2420
TIME_BYTES = 8

_LABEL = b"subtree/v1\n\0"
_HEAD = re.compile(r"(?P<origin>[^\n]+)\n(?P<size>0|[1-9][0-9]{0,18})\n(?P<root>[A-Za-z0-9+/]{43}=)\n", re.ASCII)
_LONGEST_NAME = 255


def check_public_key(public: bytes) -> None:
    """Make sure that `public` is a raw ML-DSA-44 public key.

    Raises:
        BadInput: it is not.
    """
    try:
        MLDSA44PublicKey.from_public_bytes(public)
    except ValueError:
        raise BadInput(f"note key: an ML-DSA-44 public key has {PUBLIC_BYTES:,} bytes") from None


def signed_message(name: str, text: str, time: int) -> bytes:
    """Return what the signer `name` signs for the checkpoint whose note text is `text`; extension lines are not in it.

    Raises:
        IntegrityFailure: `text` is no checkpoint, or a name is too long for the format.
    """
    head = _HEAD.match(text)
    root = b64decode(head["root"]) if head else b""
    if head is None or b64encode(root).decode() != head["root"]:
        raise IntegrityFailure("note: an ML-DSA-44 signature is over a checkpoint, and this is none")
    signer, origin = name.encode(), head["origin"].encode()
    if max(len(signer), len(origin)) > _LONGEST_NAME:
        raise IntegrityFailure(f"note: a name of more than {_LONGEST_NAME} bytes has no ML-DSA-44 signature")
    return b"".join(
        (
            _LABEL,
            bytes([len(signer)]) + signer,
            time.to_bytes(8, "big"),
            bytes([len(origin)]) + origin,
            (0).to_bytes(8, "big"),
            int(head["size"]).to_bytes(8, "big"),
            root,
        )
    )


def is_signed(public: bytes, signature: bytes, message: bytes) -> bool:
    """Say whether the raw `signature` is the key's over `message`; a malformed one is not."""
    try:
        MLDSA44PublicKey.from_public_bytes(public).verify(signature, message)
    except InvalidSignature:
        return False
    return True
