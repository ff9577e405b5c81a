from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest
from support.bundles import unbundle
from support.scene import Scene
from support.tampering import smuggle

from store.clock import timestamp
from store.errors import BadInput, IntegrityFailure
from store.integrity.checkpoint import open_checkpoint
from store.integrity.entry import Statement
from store.services.audit import tiling


def naive_root(leaves: list[bytes]) -> bytes:
    """RFC 6962 section 2.1, word by word: no frontier, no stored node, nothing of ours."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return sha256(b"\1" + naive_root(leaves[:split]) + naive_root(leaves[split:])).digest()


def path_of(index: int) -> str:
    """Write an index as the specification does, in another way than ours."""
    digits = str(index).zfill(-(-len(str(index)) // 3) * 3)
    groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
    return "/".join([*(f"x{group}" for group in groups[:-1]), groups[-1]])


def read_naively(folder: Path, size: int) -> list[bytes]:
    """Read a log back from its tiles alone, checking each against a recomputation; return the leaf hashes."""
    leaves: list[bytes] = []
    for index in range(-(-size // 256)):
        width = min(256, size - 256 * index)
        end = path_of(index) + (f".p/{width}" if width < 256 else "")
        bodies = unbundle((folder / "tile/entries" / end).read_bytes())
        assert len(bodies) == width
        hashes = [sha256(b"\0" + body).digest() for body in bodies]
        assert (folder / "tile/0" / end).read_bytes() == b"".join(hashes)
        leaves += hashes
    level, below = 1, leaves
    while len(below) >= 256:
        above = [naive_root(below[at : at + 256]) for at in range(0, len(below) - 255, 256)]
        for index in range(-(-len(above) // 256)):
            part = above[256 * index : 256 * index + 256]
            end = path_of(index) + (f".p/{len(part)}" if len(part) < 256 else "")
            assert (folder / f"tile/{level}" / end).read_bytes() == b"".join(part)
        level, below = level + 1, above
    return leaves


@pytest.mark.parametrize("size", [9, 255, 256, 257, 512, 700])
def test_the_tiles_lead_to_the_signed_root(scene: Scene, tmp_path: Path, size: int) -> None:
    scene.fill(size)
    made = tiling.export_tiles(scene.context, tmp_path / "tiles")
    checkpoint = open_checkpoint((tmp_path / "tiles" / "checkpoint").read_bytes(), [scene.context.ledger.verifier])
    assert (made.size, checkpoint.size) == (size, size)
    leaves = read_naively(tmp_path / "tiles", size)
    assert naive_root(leaves) == checkpoint.root
    files = {path for path in (tmp_path / "tiles").rglob("*") if path.is_file()}
    assert len(files) == made.files  # no empty tile, nothing left over
    assert all(path.stat().st_size for path in files)


def test_a_third_level_of_tiles_is_right_too(scene: Scene, tmp_path: Path) -> None:
    scene.fill(65_537)
    tiling.export_tiles(scene.context, tmp_path / "tiles")
    leaves = read_naively(tmp_path / "tiles", 65_537)
    assert naive_root(leaves) == scene.context.ledger.head().root
    assert (tmp_path / "tiles/tile/2/000.p/1").stat().st_size == 32


def test_an_export_is_continued(scene: Scene, tmp_path: Path) -> None:
    folder = tmp_path / "tiles"
    scene.fill(250)
    tiling.export_tiles(scene.context, folder)
    scene.fill(300)
    tiling.export_tiles(scene.context, folder)
    assert naive_root(read_naively(folder, 300)) == scene.context.ledger.head().root
    assert not (folder / "tile/0/000.p").exists()  # the full tile replaced it
    scene.fill(520)
    again = tiling.export_tiles(scene.context, folder)
    assert again.files < 10
    assert naive_root(read_naively(folder, 520)) == scene.context.ledger.head().root


def test_an_earlier_export_of_another_history_is_not_continued(scene: Scene, tmp_path: Path) -> None:
    scene.fill(300)
    tiling.export_tiles(scene.context, tmp_path / "tiles")
    tile = tmp_path / "tiles/tile/entries/000"
    tile.write_bytes(tile.read_bytes()[:-1] + b"!")
    before = (tmp_path / "tiles/checkpoint").read_bytes()
    scene.fill(310)
    with pytest.raises(IntegrityFailure, match="another history"):
        tiling.export_tiles(scene.context, tmp_path / "tiles")
    assert (tmp_path / "tiles/checkpoint").read_bytes() == before


def test_a_folder_with_something_else_is_left_alone(scene: Scene, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "letter.txt").write_text("dear")
    with pytest.raises(BadInput, match="something else"):
        tiling.export_tiles(scene.context, tmp_path / "home")
    assert [path.name for path in (tmp_path / "home").iterdir()] == ["letter.txt"]


def test_the_largest_entry_fits_a_bundle(scene: Scene, tmp_path: Path) -> None:
    now = timestamp(scene.clock.now())
    big = Statement(
        origin=scene.context.ledger.origin,
        kind="thing.happened",
        time=now,
        actor="system",
        on={},
        data={"t": "x" * 65_000},
    )
    entry = smuggle(scene.context, big, None)
    tiling.export_tiles(scene.context, tmp_path / "tiles")
    (bundle,) = (tmp_path / "tiles/tile/entries").rglob("000.p/*")
    assert unbundle(bundle.read_bytes())[-1] == entry.body
