"""`connectors` and what `diff` says of them, on the command line."""

from __future__ import annotations

from cli_desk import Desk

from store.demo.samples import orders


def test_the_inventory_is_listed_reviewed_and_marks_what_is_new(live: Desk) -> None:
    found = live.json("connectors")
    assert found["review"] is None
    names = {(one["kind"], one["name"]) for one in found["connectors"]}
    assert names, "the sample reaches outside"
    assert set(found["connectors"][0]) == {
        "kind", "name", "ref", "versions", "licences", "in_use", "uses", "first", "last", "since_review", "words",
    }  # fmt: skip
    reviewed = live.json("connectors", "review", "--note", "read", key="bo")
    assert reviewed["connectors"] == sum(one["in_use"] for one in found["connectors"])
    assert live.json("connectors", "--changed")["connectors"] == []
    live.drop(orders(4))
    live.run("watch", "--once", key="alice", status=0)
    changed = live.json("connectors", "--changed")
    assert (changed["review"]["actor"], changed["review"]["note"]) == ("bo", "read")
    assert [(one["name"], one["since_review"]) for one in changed["connectors"]] == [("api.parcel.example", "new")]
    text = live.run("connectors", "--env", "prod", "--project", "orders", status=0).text
    assert "api.parcel.example" in text
    assert "last review: bo" in text


def test_wrong_questions_end_in_one_line(live: Desk) -> None:
    assert "no environment" in live.run("connectors", "--env", "nowhere", status=2).complaint
    assert live.json("connectors", "--project", "nothing")["connectors"] == []
    assert "name your key" in live.run("connectors", "review", status=2).complaint


def test_a_diff_says_on_top_what_the_change_does(live: Desk) -> None:
    (live.root / "v4.json").write_bytes(orders(4))
    (live.root / "v1.json").write_bytes(orders(1))
    document = live.json("diff", "v1.json", "v4.json")
    told = [fact for fact in document["impact"] if fact["code"] == "connector-added"]
    assert [fact["connector"]["name"] for fact in told] == ["api.parcel.example"]
    assert set(told[0]) == {"code", "direction", "component", "part", "connector", "old", "new", "words"}
    text = live.run("diff", "v1.json", "v4.json", status=0).text
    assert "host api.parcel.example is new" in text
    assert text.index("connectors:") < text.index("tab ")
