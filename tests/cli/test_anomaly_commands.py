"""`anomalies`, `anomaly acknowledge`, deadlines and rehearsals as automation sees them."""

from __future__ import annotations

from cli_desk import Desk


def test_an_anomaly_is_listed_with_its_numbers_and_acknowledged(desk: Desk) -> None:
    for name in ("alice", "bo", "bo2"):
        desk.new_key(name)
    desk.run("init", "ws", "--name", "alice", key="alice", status=0)
    desk.run("principal", "add", "bo", "--public-key", "bo.pub", "--role", "operator", key="alice", status=0)
    desk.run("key", "add", "bo", "--public-key", "bo2.pub", key="alice", status=0)
    desk.run("annotate", "1", "here", key="bo", status=0)
    desk.run("annotate", "1", "there", key="bo2", status=0)
    assert desk.json("anomalies") == []
    assert "AN-0001 unusual" in desk.run("watch", "--once", key="alice", status=0).text
    (found,) = desk.json("anomalies")
    assert (found["id"], found["rule"], found["principal"], found["state"]) == ("AN-0001", "two-places", "bo", "open")
    assert found["measures"]["minutes_least"] == 10
    refused = desk.run("anomaly", "acknowledge", "AN-0001", "--note", "it was me", key="bo", status=1)
    assert "separation of duties" in refused.complaint
    desk.run("anomaly", "acknowledge", "AN-9", "--note", "x", key="alice", status=2)
    desk.run("anomaly", "acknowledge", "AN-0001", "--note", "a new laptop", key="alice", status=0)
    assert desk.json("anomalies") == []
    assert [one["note"] for one in desk.json("anomalies", "--all")] == ["a new laptop"]
