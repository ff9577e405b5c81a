from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.bundles import unbundle
from support.scene import Scene
from support.tampering import smuggle

from store.clock import timestamp
from store.errors import BadInput, IntegrityFailure
from store.integrity.checkpoint import Checkpoint, open_checkpoint, sign_checkpoint
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


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_every_file_of_an_earlier_export_is_held_against_the_ledger_before_it_is_continued(
    scene: Scene, tmp_path: Path
) -> None:
    """Whatever was done to it: one line that names the file, and nothing is written over it."""
    folder = tmp_path / "tiles"
    scene.fill(520)
    tiling.export_tiles(scene.context, folder)
    scene.fill(530)
    whole = contents(folder)
    assert len(whole) == 8, "three bundles, three tiles of leaves, one above them and the checkpoint"

    @settings(derandomize=True, max_examples=80, deadline=None, database=None)
    @given(st.data())
    def tampered(data: st.DataObject) -> None:
        path = data.draw(st.sampled_from(list(whole)))
        other = data.draw(st.sampled_from([one for one in whole if one != path]))
        at = data.draw(st.integers(0, len(whole[path]) - 1))
        flipped = bytes([whole[path][at] ^ 1 << data.draw(st.integers(0, 7))])
        bad: dict[str, dict[Path, bytes | None]] = {
            "flipped": {path: whole[path][:at] + flipped + whole[path][at + 1 :]},
            "cut": {path: whole[path][:at]},
            "longer": {path: whole[path] + whole[other][: at + 1]},
            "swapped": {path: whole[other], other: whole[path]},
        }
        if path.name != "checkpoint":  # without it an export is one that was interrupted, and every file is compared
            bad["gone"] = {path: None}
        done = bad[data.draw(st.sampled_from(list(bad)))]
        for one, content in done.items():
            if content is None:
                one.unlink()
            else:
                one.write_bytes(content)
        before = contents(folder)
        try:
            with pytest.raises(IntegrityFailure) as caught:
                tiling.export_tiles(scene.context, folder)
            assert any(str(caught.value).startswith(f"{one}: ") for one in done), caught.value
            assert contents(folder) == before
        finally:
            for one in done:
                one.write_bytes(whole[one])

    tampered()
    tiling.export_tiles(scene.context, folder)
    assert naive_root(read_naively(folder, 530)) == scene.context.ledger.head().root


def test_an_export_does_not_go_back_to_an_earlier_checkpoint(scene: Scene, tmp_path: Path) -> None:
    """Who read the later one would take the log for cut off."""
    folder = tmp_path / "tiles"
    scene.fill(20)
    earlier = scene.context.ledger.checkpoint()
    scene.fill(40)
    tiling.export_tiles(scene.context, folder)
    before = contents(folder)
    with pytest.raises(BadInput, match="holds 40 entries already"):
        tiling.export_tiles(scene.context, folder, note=earlier)
    assert contents(folder) == before


def test_an_export_of_more_entries_than_the_ledger_holds_is_not_written_over(scene: Scene, tmp_path: Path) -> None:
    """The ledger is an old copy, then, or somebody cut it: the export is the evidence."""
    folder = tmp_path / "tiles"
    scene.fill(40)
    tiling.export_tiles(scene.context, folder)
    beyond = Checkpoint(origin=scene.context.ledger.origin, size=41, root=bytes(32))
    longer = sign_checkpoint(beyond, scene.context.ledger.signer)
    (folder / "checkpoint").write_bytes(longer)
    with pytest.raises(IntegrityFailure, match="it is of 41 entries, and this ledger holds 40"):
        tiling.export_tiles(scene.context, folder)
    assert (folder / "checkpoint").read_bytes() == longer


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
