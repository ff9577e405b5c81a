"""The vectors nobody here wrote: that none of their folders is forgotten."""

from __future__ import annotations

from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
UNUSED = {
    "rfc3161": "time stamps of an authority: quarterdeck neither asks for one nor reads one",
}


def test_every_folder_of_vectors_is_read_by_a_test_or_named_here_with_its_reason(vectors: Path) -> None:
    sources = "\n".join(path.read_text() for path in sorted(TESTS.rglob("test_*.py")) if path != Path(__file__))
    folders = {folder.name for folder in vectors.iterdir() if folder.is_dir()}
    unread = {name for name in folders if name not in sources}
    assert unread == set(UNUSED)
