"""The bytes: every export and every component by its SHA-256, each version stored as a difference."""

from store.archive.audit import BlobProblem, verify_blobs
from store.archive.blobs import TABLES, Sizes, contains, get, put, sizes
from store.archive.manifests import ManifestRow, manifest, manifest_bytes, put_manifest

__all__ = [
    "TABLES",
    "BlobProblem",
    "ManifestRow",
    "Sizes",
    "contains",
    "get",
    "manifest",
    "manifest_bytes",
    "put",
    "put_manifest",
    "sizes",
    "verify_blobs",
]
