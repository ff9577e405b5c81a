"""What leaves the program, read by Go's own log client: the code that every `go get` trusts, and none of ours.

Its sources come with Go itself (`cmd/vendor/golang.org/x/mod/sumdb`), so nothing is fetched.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
from support.scene import Scene

from store.services.audit import evidence, tiling

MAIN = Path(__file__).parents[1] / "support" / "stock_go" / "main.go"


def go(*arguments: str, folder: Path) -> str:
    # No network, and nothing from or in anybody's home.
    quiet = {"GOFLAGS": "-mod=mod", "GOPROXY": "off", "GOTOOLCHAIN": "local", "GOWORK": "off", "CGO_ENABLED": "0"}
    environment = {**os.environ, **quiet, "GOCACHE": str(folder / "cache"), "GOPATH": str(folder / "path")}
    ran = subprocess.run(["go", *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=True)
    return ran.stdout.strip()


@pytest.fixture(scope="module")
def stock(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program of `support/stock_go`, built with the two packages that come with Go."""
    if shutil.which("go") is None:
        pytest.skip("Go is not installed")
    folder = tmp_path_factory.mktemp("stock")
    theirs = Path(go("env", "GOROOT", folder=folder)) / "src/cmd/vendor/golang.org/x/mod/sumdb"
    if not theirs.is_dir():
        pytest.skip("this Go comes without its sources")
    for package in ("note", "tlog"):
        (folder / package).mkdir()
        for source in (theirs / package).glob("*.go"):
            # before Go 1.20 they name another place of the same package
            words = source.read_text().replace('"golang.org/x/crypto/ed25519"', '"crypto/ed25519"')
            (folder / package / source.name).write_text(words)
    shutil.copy(MAIN, folder)
    (folder / "go.mod").write_text("module stock\n\ngo 1.18\n")
    go("build", "-o", "stock", ".", folder=folder)
    return folder / "stock"


def said(program: Path, *arguments: object) -> tuple[int, str]:
    ran = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True, check=False)
    return ran.returncode, ran.stdout.strip() or ran.stderr.strip()


@pytest.fixture
def exported(scene: Scene, tmp_path: Path) -> Sequence[object]:
    """What the program takes: key, tiles, an earlier checkpoint, and bodies with their proofs."""
    scene.fill(300)
    (tmp_path / "old").write_bytes(scene.context.ledger.checkpoint())
    scene.fill(700)
    tiling.export_tiles(scene.context, tmp_path / "tiles")
    pairs = []
    for seq in (1, 256, 257, 300, 700):
        (tmp_path / f"{seq}.body").write_bytes(scene.context.ledger.entry(seq).body)
        (tmp_path / f"{seq}.tlog-proof").write_bytes(evidence.prove(scene.context, seq))
        pairs += [tmp_path / f"{seq}.body", tmp_path / f"{seq}.tlog-proof"]
    return [scene.context.ledger.verifier.vkey, tmp_path / "tiles", tmp_path / "old", *pairs]


def test_go_agrees_with_every_leaf_proof_and_checkpoint(stock: Path, exported: Sequence[object]) -> None:
    assert said(stock, *exported) == (0, "700")


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ("tiles/tile/0/001", "invalid transparency proof"),
        ("tiles/tile/1/000.p/2", "downloaded inconsistent tile"),
        ("tiles/checkpoint", "invalid signature"),
        ("old", "invalid signature"),
        ("257.body", "invalid transparency proof"),
        ("300.tlog-proof", "proof"),
    ],
)
def test_go_refuses_what_was_changed(
    stock: Path, exported: Sequence[object], tmp_path: Path, changed: str, complaint: str
) -> None:
    data = bytearray((tmp_path / changed).read_bytes())
    data[data.index(b"\n") + 1 if b"\n\n" in data else 60] ^= 1  # a digit of a checkpoint's size, or any bit
    (tmp_path / changed).write_bytes(data)
    status, words = said(stock, *exported)
    assert status == 1
    assert complaint in words
