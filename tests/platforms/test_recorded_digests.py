"""What every real export was archived as and made of when its digests were recorded, it still is.

Entries name these digests for ever. Who means to change them writes the file again:
`PYTHONPATH=tests:. python tests/platforms/test_recorded_digests.py > tests/platforms/recorded_digests.txt`
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from store.domain.secrets import cover
from store.errors import BadInput
from store.formats.archive_covering import cover_archive, is_archive
from store.platforms import known_secrets, recognise

EXPORTS = Path(__file__).parents[2] / "../shared/data/exports"
RECORDED = Path(__file__).with_name("recorded_digests.txt")
pytestmark = pytest.mark.skipif(not EXPORTS.exists(), reason="the folder of real exports (../shared/data) is not here")


def lines() -> Iterator[str]:
    for path in sorted(EXPORTS.rglob("*")):
        if path.is_file() and path.name != "manifest.csv":
            name = path.relative_to(EXPORTS).as_posix()
            yield f"{sha256(json.dumps(understood(path.read_bytes(), name)).encode()).hexdigest()[:16]}  {name}"


def understood(data: bytes, name: str) -> list[object]:
    """Return the digest of the covered form, the platform, and each component's id and digest; or the refusal."""
    try:
        covered = (
            cover_archive(data, lambda _: "a" * 10)
            if is_archive(data)
            else cover(data, lambda _: "a" * 10, name=name, more=known_secrets(data, name))
        )
        parsed = recognise(covered.data, name)
    except BadInput as error:
        return [str(error)]
    parts: list[list[str]] = [[part.id, part.digest] for part in parsed.components]
    return [sha256(covered.data).hexdigest(), parsed.platform, parts]


def test_every_real_export_has_the_digests_that_were_recorded() -> None:
    recorded = RECORDED.read_text().splitlines()
    assert len(recorded) > 450
    assert list(lines()) == recorded


if __name__ == "__main__":
    print("\n".join(lines()))
