"""Sealed secrets at the command line: shown covered, shown whole to few, destroyed; never on a terminal unasked."""

from __future__ import annotations

from cli_desk import Desk

CANARY = b"ghp" + b"_" + b"C4n4ryC4n4ryC4n4ryC4n4ryC4n4ryC4n4ry"
EXPORT = b'{"token": "' + CANARY + b'", "user": "case"}'


def test_a_secret_is_covered_unsealed_with_an_entry_and_shredded(ready: Desk) -> None:
    ready.drop(EXPORT, "settings.json")
    ready.run("watch", "--once", key="alice", status=0)
    digest = ready.json("artifact", "list")[0]["digest"]
    shown = ready.run("artifact", "cat", digest, status=0)
    assert CANARY not in shown.out
    assert b"SEALED-" in shown.out
    unseal = ("artifact", "cat", digest, "--unseal")
    assert ready.run(*unseal, "--reason", "curious", key="bo", status=1).out == b""
    ready.run(*unseal, key="alice", status=2)
    assert ready.run(*unseal, "--reason", "rotate it", key="alice", status=0).out == EXPORT
    (entry,) = ready.json("log", "--kind", "artifact.unsealed")
    assert (entry["actor"], entry["data"]["reason"], entry["signed"]) == ("alice", "rotate it", True)
    shred = ("shred", digest, "--reason", "leaked")
    ready.run(*shred, "--yes", key="bo", status=1)
    ready.run(*shred, key="alice", status=2)
    assert ready.json(*shred, "--yes", key="alice")["still_sealed_in"] == []
    assert ready.run(*unseal, "--reason", "again", key="alice", status=1).out == b""
    assert ready.json("verify")["ok"] is True
