"""Words that are worth a closer look are found wherever they stand in canonical bytes, and nowhere else."""

from __future__ import annotations

import pytest

from store.domain.build import component
from store.domain.component import Component, Json
from store.domain.needles import Needles

NEEDLES = Needles.of_keys(("platform", "url"), also=['"shell_command.'])


def part(content: Json) -> Component:
    return component(id="a", name="a", kind="automation", content=content, behaviour=content, labels={})


@pytest.mark.parametrize(
    "content", [{"url": 1}, {"a": [{"b": {"platform": None}}]}, [{"action": "shell_command.x"}], {"€": {"url": "€"}}]
)
def test_a_key_and_the_start_of_a_text_are_found(content: Json) -> None:
    assert NEEDLES.any_in(part(content))


@pytest.mark.parametrize("content", [{"a": "url"}, ['url":'], {"curl": 1}, {"urls": 1}, [r"\"url\":"], "x", [], {}])
def test_what_only_looks_like_one_is_not(content: Json) -> None:
    assert not NEEDLES.any_in(part(content))


@pytest.mark.parametrize("length", range(65_520, 65_545))
def test_one_is_found_across_the_end_of_what_is_looked_at_in_one_go(length: int) -> None:
    assert NEEDLES.any_in(part({"a": "x" * length, "platform": 1}))
