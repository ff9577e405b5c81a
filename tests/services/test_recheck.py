"""Nothing is recorded on top of entries that are no longer what they were, however old they are."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from support.scene import Scene
from support.tampering import hide, past_triggers

from store.errors import IntegrityFailure
from store.ledger import recheck
from store.ledger.report import Verdict
from store.services import incidents
from store.services.audit import verifying
from store.services.audit.verifying import Scope
from store.services.delivery import environments
from store.services.identity import people


def edit(scene: Scene, seq: int) -> None:
    with past_triggers(scene.context.ledger.path) as sql:
        sql.execute("UPDATE entry SET body = CAST(replace(body, '\"v\":1', '\"v\":2') AS BLOB) WHERE seq = ?", (seq,))


def remove(scene: Scene, seq: int) -> None:
    with past_triggers(scene.context.ledger.path) as sql:
        sql.execute("DELETE FROM entry WHERE seq = ?", (seq,))


def conceal(scene: Scene, seq: int) -> None:
    hide(scene.context.ledger.path, seq)


TAMPERINGS: dict[str, tuple[Callable[[Scene, int], None], str]] = {
    "edited": (edit, "entry 7: the bytes do not hash"),
    "removed": (remove, "entry 7 is missing"),
    "hidden from look-ups": (conceal, "a look-up would miss"),
}


@pytest.mark.parametrize("how", TAMPERINGS)
def test_an_old_entry_that_was_changed_stops_the_next_act(scene: Scene, how: str) -> None:
    change, words = TAMPERINGS[how]
    scene.fill(600)  # entry 7 is far below the hashes that opening reads
    change(scene, 7)
    context, size = scene.reopened().context, 600
    assert context.ledger.writable, "opening costs the same whatever the size, and looks at the newest only"
    for _ in range(2):
        with pytest.raises(IntegrityFailure, match=words):
            incidents.open_incident(context, scene.alice, title="fire", severity="high")
    assert context.ledger.head().size == size
    assert context.ledger.damaged
    assert verifying.verify_workspace(context, scope=Scope()).verdict is Verdict.INVALID


def test_a_freeze_or_a_revoked_key_that_an_index_hides_lets_nobody_act(scene: Scene) -> None:
    frozen = environments.freeze(scene.context, scene.alice, "prod", reason="audit")
    gone = people.revoke_key(scene.context, scene.alice, "bo", scene.bo.signer.public.fingerprint, reason="lost")
    for entry, who in ((frozen, scene.alice), (gone, scene.bo)):
        conceal(scene, entry.seq)
        with pytest.raises(IntegrityFailure, match="a look-up would miss"):
            incidents.open_incident(scene.reopened().context, who, title="mine", severity="high")


def test_in_a_long_ledger_the_newest_entries_are_looked_at(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recheck, "NEWEST", 50)
    scene.fill(600)
    edit(scene, 7)
    incidents.open_incident(scene.reopened().context, scene.alice, title="fire", severity="high")
    edit(scene, 570)
    with pytest.raises(IntegrityFailure, match="entry 570"):
        incidents.open_incident(scene.reopened().context, scene.alice, title="fire", severity="high")
