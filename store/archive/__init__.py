"""The bytes: every export by its SHA-256, and what it is made of, each version stored as a difference."""

from store.archive.ahead import Ahead
from store.archive.audit import BlobProblem, verify_blobs
from store.archive.blobs import TABLES, Sizes, contains, get, put, sizes
from store.archive.manifests import ManifestRow, manifest, manifest_bytes, put_manifest
from store.archive.outside import connectors, put_connectors
from store.archive.recent import Recent

__all__ = [
    "TABLES",
    "Ahead",
    "BlobProblem",
    "ManifestRow",
    "Recent",
    "Sizes",
    "connectors",
    "contains",
    "get",
    "manifest",
    "manifest_bytes",
    "put",
    "put_connectors",
    "put_manifest",
    "sizes",
    "verify_blobs",
]
