"""`explain` and `testdata` on the command line."""

from __future__ import annotations

from cli_desk import Desk


def test_a_deployment_is_explained_in_every_form(live: Desk) -> None:
    added = live.json(
        "testdata", "add", "CR-0002", "--kind", "created", "--what", "orders", "--where", "staging", "--records", "40",
        key="alice",
    )  # fmt: skip
    assert live.json("testdata", "list", "CR-0002") == [added]
    assert live.json("request", "show", "CR-0002")["test_data"] == [added]
    assert "40 records created" in live.run("request", "show", "CR-0002", status=0).text
    page = live.json("explain", "DEP-0002", "--format", "html", "--out", "page.html")
    assert [section["id"] for section in page["sections"]][:3] == ["why", "changes", "impact"]
    assert (live.root / "page.html").read_text().startswith("<!doctype html>")
    text = live.run("explain", "CR-0002", status=0).text
    for words in ("approved", "SHA256:", "40 records created", "Permissions and connectors", "entry "):
        assert words in text
    assert live.run("explain", "CR-0002", "--format", "md", status=0).text.startswith("# CR\\-0002")


def test_wrong_questions_end_in_one_line(live: Desk) -> None:
    assert "there is no request or deployment" in live.run("explain", "DEP-4711", status=2).complaint
    assert live.run("explain", "CR-0001", "--format", "pdf", status=2).err.count(b"\n") == 1
    assert live.run("explain", "CR-0001", "--out", "/proc/nowhere/x.html", status=3).err.count(b"\n") == 1
    missing = live.run(
        "testdata", "add", "CR-0002", "--kind", "scrubbed", "--what", "x", "--where", "y", "--records", "1",
        key="alice", status=2,
    )  # fmt: skip
    assert "--masking" in missing.complaint
