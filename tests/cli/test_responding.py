"""What an incident responder is told about a workspace that somebody took sqlite3 and an editor to."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from cli_desk import Desk
from support.tampering import past_triggers, plain_sql

from store.errors import MEND

NAMED = "quarterdeck.toml: ledger.log_key: note key"


def no_blobs(desk: Desk) -> None:
    with past_triggers(desk.ws / "ledger.db") as sql:
        sql.execute("DELETE FROM blob")


def bad_checkpoint(desk: Desk) -> None:
    with past_triggers(desk.ws / "ledger.db") as sql:
        sql.execute("UPDATE checkpoint SET note = x'00ff' WHERE size = (SELECT max(size) FROM checkpoint)")


def no_table(desk: Desk) -> None:
    with plain_sql(desk.ws / "ledger.db") as sql:
        sql.execute("DROP TABLE drift")


@pytest.mark.parametrize(
    ("tamper", "words"),
    [
        (no_blobs, "the archive holds no"),
        (bad_checkpoint, "ledger.db: its newest checkpoint: note: not valid UTF-8"),
        (no_table, "the tables are not as they were made: "),
    ],
)
def test_an_act_on_a_damaged_ledger_ends_with_one_and_says_what_to_do(
    asked: Desk, tamper: Callable[[Desk], None], words: str
) -> None:
    tamper(asked)
    said = asked.run("approve", "CR-0001", key="bo", status=1).complaint
    assert words in said
    assert MEND in said
    assert asked.json("verify", status=1)["verdict"] == "INVALID"


@pytest.mark.parametrize("how", ["garbage", "open to others"])
def test_a_log_key_that_cannot_be_used_stops_acts_and_no_reading(asked: Desk, how: str) -> None:
    path = asked.ws / "keys" / "log.key"
    path.write_text("garbage") if how == "garbage" else path.chmod(0o644)
    why = "not an OpenSSH private key" if how == "garbage" else "others may read this private key; run chmod 600"
    assert why in asked.run("log", status=0).complaint
    assert asked.json("verify")["ok"] is True
    said = asked.run("approve", "CR-0001", key="bo", status=3).complaint
    assert f"the log's private key cannot be used: {path}: {why}" in said


def test_a_configuration_that_was_tampered_with_is_named(asked: Desk) -> None:
    path = asked.ws / "quarterdeck.toml"
    text = path.read_text()
    path.write_text(text.replace('log_key = "', 'log_key = "x'))
    for words in (["verify"], ["log"]):
        assert NAMED in asked.run(*words, status=2).complaint
    path.unlink()
    said = asked.run("verify", status=2).complaint
    assert "quarterdeck.toml is missing beside ledger.db: put it back" in said
