"""What the console checks by itself when it opens, and how a check that was stopped goes on."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from support.scene import Scene

from console.screen import desk as desk_module
from console.screen.desk import Desk
from console.screen.verification import Verification
from store.ledger.report import Report, Verdict, VerificationStopped
from store.services.audit import verifying
from store.services.audit.verifying import Progress, Scope, verify_workspace
from store.services.context import Context


@pytest.fixture
def opened(scene: Scene) -> Iterator[Scene]:
    """A ledger that counts as a long one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(desk_module, "QUICK_ENTRIES", 2)
        yield scene


def chain_after_start(scene: Scene) -> str:
    """Return what a console that opens now says of the ledger, once its check is done."""
    desk = Desk(scene.context, None)
    desk.poll()
    assert not desk.threads.left_behind(30)
    return desk.chain


def change(scene: Scene, seq: int) -> None:
    """Change a byte of an entry the way somebody with the file would, leaving the tables as they were."""
    with closing(sqlite3.connect(scene.context.ledger.path)) as connection:
        (trigger,) = connection.execute("SELECT sql FROM sqlite_schema WHERE name = 'entry_no_update'").fetchone()
        (body,) = connection.execute("SELECT body FROM entry WHERE seq = ?", (seq,)).fetchone()
        connection.execute("DROP TRIGGER entry_no_update")
        connection.execute("UPDATE entry SET body = ? WHERE seq = ?", (body[:-3] + b"7}}", seq))
        connection.execute(trigger)
        connection.commit()


def test_a_long_ledger_that_was_never_verified_says_so(opened: Scene) -> None:
    assert chain_after_start(opened) == "unknown"


def test_a_long_ledger_is_checked_from_its_last_verified_head(opened: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    opened.grant_more()
    assert verify_workspace(opened.context, scope=Scope()).verdict == Verdict.ANCHORED
    before = opened.size
    opened.grant_more()
    opened.grant_more()
    reports: list[Report] = []

    def told(*asked: Any, **more: Any) -> Report:
        reports.append(verify_workspace(*asked, **more))
        return reports[-1]

    monkeypatch.setattr(verifying, "verify_workspace", told)
    assert chain_after_start(opened) == "verified"
    assert [(one.start, one.entries) for one in reports] == [(before, before + 2)]


def test_a_change_since_the_last_verified_head_is_noticed_at_the_start(opened: Scene) -> None:
    assert verify_workspace(opened.context, scope=Scope()).verdict == Verdict.ANCHORED
    opened.grant_more()
    opened.grant_more()
    change(opened, opened.size - 1)
    assert chain_after_start(opened) == "invalid"


def test_a_short_ledger_is_checked_whole(scene: Scene) -> None:
    assert chain_after_start(scene) == "verified"
    change(scene, 2)
    assert chain_after_start(scene) == "invalid"


async def test_after_a_stop_the_next_verification_goes_on_from_where_it_was_good(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    scopes: list[Scope] = []
    verification = Verification(Desk(scene.context, None, check_at_start=False))

    def stopped_at_first(context: Context, *, scope: Scope, progress: Progress) -> Report:
        scopes.append(scope)
        if len(scopes) == 1:
            verification.stop()
        return verify_workspace(context, scope=scope, progress=progress)

    monkeypatch.setattr(verifying, "verify_workspace", stopped_at_first)
    with pytest.raises(VerificationStopped):
        await verification.run(scene.size)
    assert (await verification.run(scene.size)).ok
    assert (await verification.run(scene.size)).ok
    assert [scope.resume for scope in scopes] == [False, True, False]
