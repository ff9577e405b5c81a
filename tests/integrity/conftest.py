from __future__ import annotations

from pathlib import Path

import pytest

VECTORS = Path(__file__).resolve().parents[3] / "shared" / "data" / "vectors"


@pytest.fixture(scope="session")
def vectors() -> Path:
    if not VECTORS.is_dir():
        pytest.skip("the published vectors (../shared/data/vectors) are not here")
    return VECTORS
