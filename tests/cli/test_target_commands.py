"""`environment add|edit`, `deploy --resume|--undo` and `rollback --component`: what a user types, right and wrong."""

from __future__ import annotations

import pytest
from cli_desk import Desk

ALICE, BO = ("--key", "alice"), ("--key", "bo")


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ((*BO, "deploy"), "a request, or a failed deployment"),
        ((*BO, "deploy", "CR-0001", "--resume", "DEP-0001"), "a request, or a failed deployment"),
        ((*BO, "deploy", "CR-0001", "--dry-run"), "--dry-run goes with --undo"),
        ((*BO, "deploy", "--resume", "DEP-0099"), "no deployment DEP-0099"),
        ((*BO, "rollback", "prod", "--project", "orders", "--component", "nobody"), "no component 'nobody'"),
        ((*ALICE, "environment", "edit", "nowhere", "--url", "http://x"), "no environment 'nowhere'"),
        ((*ALICE, "environment", "edit", "prod", "--enforce", "revert"), "does not tell what runs there"),
        ((*ALICE, "environment", "edit", "prod", "--url", "http://x"), "has no --url"),
        ((*ALICE, "environment", "add", "n", "--target", "n8n", "--url", "http://x"), "asked with an API key"),
        ((*ALICE, "environment", "add", "n", "--target", "command", "--fetch", "./f"), "needs --push"),
        ((*ALICE, "environment", "add", "n", "--target", "node-red", "--url", "http://x", "--token-env", "A",
          "--user", "u", "--password-env", "B"), "not with both"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_one_clear_line(live: Desk, args: tuple[str, ...], said: str) -> None:
    (done,) = live.runs([args])
    assert done.status == 2, done
    assert said in done.complaint


def test_a_deployment_that_was_verified_can_neither_be_finished_nor_undone(live: Desk) -> None:
    for way in ("--resume", "--undo"):
        (done,) = live.runs([(*BO, "deploy", way, "DEP-0001")])
        assert (done.status, "did not fail" in done.complaint) == (1, True), done


def test_an_environment_is_edited_and_only_by_an_admin(live: Desk) -> None:
    edit = ("environment", "edit", "prod", "--on-failure", "revert", "--json")
    refused, done, listed = live.runs([(*BO, *edit), (*ALICE, *edit), ("environment", "list", "--json")])
    assert refused.status == 1
    assert done.json["settings"]["on-failure"] == "revert"
    assert listed.json[0]["settings"]["on-failure"] == "revert"
