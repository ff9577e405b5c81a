from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.made_log import MadeLog

from store.integrity.merkle import consistency_proof
from store.integrity.witness_request import AddCheckpoint, write_request
from store.services.witness import witnessing

LOG = MadeLog()
FORK = MadeLog(salt=b"!", forked_at=5)
PROOFS = [tuple(consistency_proof(old, new, LOG.get)) for old in range(10) for new in range(old, 14)]
HASHES = st.lists(st.binary(min_size=0, max_size=40), max_size=66).map(tuple)


@st.composite
def requests(draw: st.DrawFn) -> tuple[bytes, bool]:
    """A request, and whether it is exactly one that a witness at 8 entries has to cosign."""
    old, size = draw(st.integers(0, 10)), draw(st.integers(0, 13))
    log = draw(st.sampled_from([LOG, FORK]))
    proof = draw(st.one_of(st.sampled_from(PROOFS), HASHES))
    data = write_request(AddCheckpoint(old=old, proof=proof, checkpoint=log.note(size)))
    good = log is LOG and old == 8 and size >= 8 and proof == tuple(consistency_proof(8, size, LOG.get))
    if draw(st.booleans()):
        at = draw(st.integers(0, len(data)))
        data = data[:at] + draw(st.binary(max_size=6)) + data[at + draw(st.integers(0, 6)) :]
        good = False
    return data, good


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzz") / "witness"


def test_no_request_brings_a_traceback_or_a_cosignature_without_proof(state: Path) -> None:
    witness = witnessing.create(state, name="witness.example/w", log_keys=[LOG.vkey])
    assert witnessing.answer(witness, LOG.request(0, 8)).status == 200

    @settings(derandomize=True, max_examples=400, deadline=None, database=None)
    @given(st.one_of(requests(), st.binary(max_size=200).map(lambda data: (data, False))))
    def ask(request: tuple[bytes, bool]) -> None:
        data, good = request
        answer = witnessing.answer(witness, data)
        assert answer.status in {200, 400, 403, 404, 409, 422}
        if answer.status == 200:
            # what was put in may have put back what was there: then it is a good request all the same
            known = witnessing.remembered(witness, LOG.origin)
            assert known is not None
            size = known.checkpoint.size
            assert known.checkpoint.root == LOG.root(size)
            assert good or data.startswith(LOG.request(8, size).partition(b"\n\n")[0])
            witnessing.forget(witness, LOG.origin)
            assert witnessing.answer(witness, LOG.request(0, 8)).status == 200
        else:
            assert not good

    ask()
