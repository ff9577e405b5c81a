"""The attacks that begin at the command line: refused with the reason, exit code and entry that automation sees."""

from __future__ import annotations

from datetime import timedelta

from cli_desk import Desk

from store.demo.samples import orders
from store.integrity.sshkey import parse_public_key


def refusals(desk: Desk) -> list[dict[str, str]]:
    """Return what was refused, the newest first: as whom, what, why."""
    found = desk.json("log", "--kind", "attempt.refused")
    return [{"principal": one["on"]["principal"], **one["data"]} for one in found]


def test_whoever_is_turned_away_is_recorded_whatever_the_command(asked: Desk) -> None:
    asked.new_key("mallory")
    for command in (("approve", "CR-0001"), ("deploy", "CR-0001"), ("role", "grant", "bo", "admin")):
        done = asked.run(*command, key="mallory", status=1)
        assert "belongs to no principal of this ledger" in done.complaint
        assert "recorded: entry" in done.complaint
    (one,) = refusals(asked)
    assert (one["principal"], one["act"]) == ("(stranger)", "run quarterdeck approve")
    done = asked.run("--as", "alice\x1b[2J", "role", "grant", "bo", "admin", key="bo", status=1)
    assert b"\x1b" not in done.err
    newest = refusals(asked)[0]
    assert (newest["principal"], newest["act"]) == ("bo", "run quarterdeck role grant")
    assert "is bo's, not 'alice\\x1b[2J'" in newest["reason"]
    fingerprint = parse_public_key((asked.root / "bo.pub").read_text()).fingerprint
    asked.run("key", "revoke", "bo", fingerprint, "--reason", "stolen", key="alice", status=0)
    assert "was revoked" in asked.run("approve", "CR-0001", key="bo", status=1).complaint
    assert refusals(asked)[0]["principal"] == "bo"
    assert asked.json("log", "--kind", "approval.granted") == []


def test_a_clock_set_back_stops_every_act_until_an_admin_says_what_it_was(asked: Desk) -> None:
    asked.later = timedelta(days=400)
    asked.drop(orders(2))
    asked.run("watch", "--once", status=0)
    asked.later = timedelta()
    for key, command in (("bo", "approve CR-0001"), ("bo", "gate run CR-0001"), ("alice", "freeze prod --reason x")):
        done = asked.run(*command.split(), key=key, status=1)
        assert "it was set back by" in done.complaint
        assert "quarterdeck clock correct" in done.complaint
    assert len(refusals(asked)) == 3
    done = asked.run("clock", "correct", "--reason", "mine", key="bo", status=1)
    assert "bo may not correct the clock" in done.complaint
    told = asked.json("clock", "correct", "--reason", "the battery was empty", key="alice")
    assert told["ahead"] < told["entry"]
    asked.run("approve", "CR-0001", key="bo", status=0)
    assert "nothing to correct" in asked.run("clock", "correct", "--reason", "x", key="alice", status=2).complaint
    asked.run("verify", status=0)


def test_names_and_reasons_in_disguise_are_wrong_input_and_recorded(asked: Desk) -> None:
    place = ("--target", "folder", "--deliver", "out/x")
    asked.run("environment", "add", "prоd", *place, key="alice", status=2)
    asked.run("environment", "add", "PROD", *place, key="alice", status=1)
    asked.run("principal", "add", "Bo", "--public-key", "alice.pub", key="alice", status=2)
    asked.run("approve", "CR-0001", "--note", "fine \u202eton", key="bo", status=2)
    assert [one["act"] for one in refusals(asked)] == [
        "approve", "add a principal", "add an environment", "add an environment",
    ]  # fmt: skip
    assert "U+202E, right-to-left override" in refusals(asked)[0]["reason"]
