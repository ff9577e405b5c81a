"""Which 32 bytes may be somebody's Ed25519 key: a point on the curve, written the one right way, of high order.

A key of low order verifies signatures that nobody made; a second spelling of a key makes one person look like
two. OpenSSL checks neither.
"""

from __future__ import annotations

from functools import lru_cache

from store.errors import BadInput

_P = 2**255 - 19
_D = -121665 * pow(121666, -1, _P) % _P
_SIGN = 1 << 255


@lru_cache(maxsize=256)  # the log's key is met three times before a ledger is open
def check_public_key(raw: bytes) -> None:
    """Check that `raw` is an Ed25519 public key as RFC 8032 section 5.1.3 encodes it, and not of low order.

    Raises:
        BadInput: says which of these it is not.
    """
    if len(raw) != 32:
        raise BadInput("an Ed25519 public key has 32 bytes")
    encoded = int.from_bytes(raw, "little")
    y = encoded & (_SIGN - 1)
    if y >= _P:
        raise BadInput("Ed25519 key: not in canonical form")
    numerator, denominator = (y * y - 1) % _P, (_D * y * y + 1) % _P
    if numerator == 0 and encoded & _SIGN:
        raise BadInput("Ed25519 key: not in canonical form")
    x_squared = numerator * pow(denominator, -1, _P) % _P
    if pow(x_squared, (_P - 1) // 2, _P) == _P - 1:
        raise BadInput("Ed25519 key: not a point on the curve")
    if _has_low_order(x_squared, y):
        raise BadInput("Ed25519 key: a low-order point, for which anybody can sign")


def _has_low_order(x_squared: int, y: int) -> bool:
    """Say whether the point's order divides 8.

    Doubling maps y to (y² + x²) / (2 + x² − y²) (RFC 8032 section 5.1.4, in affine form). Two doublings from a
    point of order 8 or less end at one of order 2 or less: the points with y² = 1. The twisted Edwards
    equation −x² + y² = 1 + d·x²·y² gives x² back from y.
    """
    for _ in range(2):
        y = (y * y + x_squared) * pow(2 + x_squared - y * y, -1, _P) % _P
        x_squared = (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P
    return y * y % _P == 1
