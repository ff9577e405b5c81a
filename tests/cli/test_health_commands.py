"""`finding`, `health` and `policy review` on the command line."""

from __future__ import annotations

from datetime import timedelta

from cli_desk import Desk

from store.clock import SystemClock, timestamp


def test_a_finding_from_opening_to_closing(live: Desk) -> None:
    opened = live.json("finding", "open", "--title", "keys are shared", "--about", "DEP-0001", "--severity", "high",
                       "--assignee", "bo", key="alice")  # fmt: skip
    assert (opened["id"], opened["on"]["deployment"], opened["on"]["project"]) == ("FND-0001", "DEP-0001", "orders")
    assert opened["due"]
    refused = live.run("finding", "close", "FND-0001", "--done", "fine", key="bo", status=1).complaint
    assert "bo may not close a finding on orders/prod" in refused
    assert "alice could do it" in refused
    live.run("finding", "note", "FND-0001", "new keys are ordered", key="bo", status=0)
    health = live.json("health")
    assert (health["ok"], health["duties"][0]["key"]) == (True, "FND-0001")
    assert health["duties"][0]["who"] == ["bo", "alice"]
    assert "FND-0001" in live.run("health", status=0).text
    waiting = [item["key"] for item in live.json("triage", status=1)["items"]]
    assert waiting == ["FND-0001", "AN-0001"], "the other one: alice enrolled bo, and bo approved what alice asked for"
    live.run("finding", "close", "FND-0001", "--done", "one key each", key="alice", status=0)
    (row,) = live.json("finding", "list")
    assert (row["state"], row["done"], row["overdue"]) == ("closed", "one key each", False)
    assert live.json("finding", "list", "--state", "open") == []
    shown = live.json("finding", "show", "FND-0001")
    assert [step["step"] for step in shown["story"]] == ["opened", "noted", "closed"]
    assert "one key each" in live.run("finding", "show", "FND-0001", status=0).text
    kinds = {entry["kind"] for entry in live.json("log", "--subject", "FND-0001")}
    assert kinds == {"finding.opened", "finding.noted", "finding.closed"}
    assert "keys are shared" in live.run("lineage", "FND-0001", status=0).text
    tree = live.run("lineage", "CR-0001", status=0).text
    assert "finding FND-0001" in tree
    page = live.run("explain", "DEP-0001", status=0).text
    assert "keys are shared" in page
    assert "one key each" in page
    assert live.json("verify")["ok"]


def test_a_policy_review_is_recorded_and_says_when_the_next_is_due(ready: Desk) -> None:
    done = ready.json("policy", "review", "--note", "still right", key="bo")
    assert done["review_every_days"] == 0
    (entry,) = ready.json("log", "--kind", "policy.reviewed")
    assert entry["data"]["policy"] == done["policy"]
    assert entry["actor"] == "bo"


def test_the_watcher_reminds_people_once_of_what_is_due_soon(ready: Desk) -> None:
    soon = timestamp(SystemClock().now() + timedelta(days=1))
    ready.run("finding", "open", "--title", "keys are shared", "--due", soon, key="alice", status=0)
    for _ in range(2):
        ready.run("watch", "--once", key="alice", status=0)
    (told,) = ready.json("log", "--kind", "duty.due-soon")
    assert (told["actor"], told["on"], told["data"]["who"]) == ("system", {"duty": "FND-0001"}, ["alice"])


def test_wrong_words_end_in_one_line(ready: Desk) -> None:
    assert "no finding" in ready.run("finding", "show", "FND-0009", status=2).complaint
    assert "no finding" in ready.run("finding", "close", "FND-0009", "--done", "x", key="alice", status=2).complaint
    past = ("finding", "open", "--title", "t", "--due", "2001-01-01")
    assert "has passed already" in ready.run(*past, key="alice", status=2).complaint
    late = ("finding", "open", "--title", "t", "--due", "2999-01-01")
    assert "policy wants" in ready.run(*late, key="alice", status=1).complaint


def test_a_test_notice_goes_to_every_channel_also_behind_one_that_does_not_take_it(ready: Desk) -> None:
    config = ready.ws / "quarterdeck.toml"
    channels = {
        "first": "json://127.0.0.1:9/hush-hush-1234",
        "second": "nosuch://x",
        "third": "json://127.0.0.1:9/other",
    }
    lines = [f'[notify.channels.{name}]\nurl = "{url}"\n' for name, url in channels.items()]
    config.write_text(config.read_text() + "".join(lines))
    done = ready.run("notify", "test", "--json", key="alice", status=3)
    assert done.json["told"] == []
    assert [trouble.split()[1] for trouble in done.json["troubles"]] == ["first", "second:", "third"]
    assert "hush-hush-1234" not in done.complaint + done.text
