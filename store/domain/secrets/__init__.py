"""Secrets in exports: where they stand, the text without them, and the marks that stand for sealed ones.

Three families of rules find them: shapes that are secrets wherever they stand (a GitHub token, a private key), values
given to a name that promises a secret (`password = "…"`), and places that are made for secrets (a node's
`credentials`). A placeholder or an expression is not a secret.
"""

from store.domain.secrets.by_item import is_bare
from store.domain.secrets.covering import Covered, cover
from store.domain.secrets.marks import Fingerprint, fingerprints, is_another_secret, is_marked, mark, sealed_kinds
from store.domain.secrets.names import secret_kind
from store.domain.secrets.redacting import pair_name, redact, redact_value
from store.domain.secrets.scanning import find, may_hold, open_secrets, scan, which_may_hold
from store.domain.secrets.shapes import Span

__all__ = [
    "Covered",
    "Fingerprint",
    "Span",
    "cover",
    "find",
    "fingerprints",
    "is_another_secret",
    "is_bare",
    "is_marked",
    "mark",
    "may_hold",
    "open_secrets",
    "pair_name",
    "redact",
    "redact_value",
    "scan",
    "sealed_kinds",
    "secret_kind",
    "which_may_hold",
]
