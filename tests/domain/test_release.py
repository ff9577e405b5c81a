from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.domain import release as model
from store.domain.component import ComponentRef, release_digest
from store.domain.policy import ApprovalRule, Policy, default_policy
from store.domain.release import EMPTY, Release, ReleaseFile
from store.errors import QuarterdeckError
from store.integrity.canonical import canonical_bytes

names = st.text(min_size=1, max_size=12).filter(lambda text: text.encode("utf-8", "ignore").decode() == text)
components = st.builds(ComponentRef, id=names, name=names, kind=names, digest=names, artifact=names)
files = st.builds(ReleaseFile, name=names, artifact=names, manifest=names, platform=names)
releases = st.builds(
    Release, files=st.lists(files, max_size=4).map(tuple), components=st.lists(components, max_size=4).map(tuple)
)


@given(release=releases)
def test_a_release_comes_back_from_its_bytes(release: Release) -> None:
    assert model.from_bytes(release.to_bytes()) == release


@given(pairs=st.lists(st.tuples(names, names), max_size=6), seed=st.randoms())
def test_the_digest_does_not_depend_on_order_or_on_who_says_it_twice(
    pairs: list[tuple[str, str]], seed: object
) -> None:
    shuffled = [*pairs, *pairs[:2]]
    seed.shuffle(shuffled)
    assert release_digest(shuffled) == release_digest(pairs)


@given(left=st.dictionaries(names, names, max_size=4), right=st.dictionaries(names, names, max_size=4))
def test_two_releases_have_one_digest_only_when_they_are_one(left: dict[str, str], right: dict[str, str]) -> None:
    assert (release_digest(left.items()) == release_digest(right.items())) is (left == right)


def test_a_boundary_cannot_be_moved_between_id_and_digest() -> None:
    assert release_digest([("ab", "c")]) != release_digest([("a", "bc")])
    assert release_digest([("a", "b"), ("c", "d")]) != release_digest([("a", "b"), ("c", "d"), ("", "")])


@pytest.mark.parametrize(
    "plain",
    [
        {},
        [],
        7,
        {"files": []},
        {"files": [], "components": [{}]},
        {"files": [{"name": "x"}], "components": []},
        {"files": [], "components": [{"id": "a", "more": 1}]},
        {"files": 3, "components": []},
    ],
)
def test_bytes_that_are_no_release_are_refused_in_one_line(plain: object) -> None:
    with pytest.raises(QuarterdeckError):
        model.from_bytes(canonical_bytes(plain))


def test_nothing_is_a_release_too() -> None:
    assert model.from_bytes(EMPTY.to_bytes()) == EMPTY


def test_the_policy_digest_names_every_rule() -> None:
    base = default_policy()
    softer = Policy(approvals={**base.approvals, "critical": ApprovalRule(people=2)})
    longer, fewer = Policy(approval_days=15), Policy(mandatory=base.mandatory[:-1])
    assert len({policy.digest for policy in (base, softer, longer, fewer)}) == 4
    assert default_policy().digest == base.digest
