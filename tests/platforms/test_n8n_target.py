"""An n8n target against the fake one: paging, what is sent, what is compared, and every way to fail half-way."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_n8n import KEY, FakeN8n, export, running

from store.domain.component import ExportFile
from store.errors import BadInput, Conflict, PartialPush, PlatformFailure
from store.platforms import TARGETS, recognise
from store.platforms.n8n.target import N8nTarget
from store.reach.secret import Secret


@pytest.fixture
def n8n() -> Iterator[FakeN8n]:
    with running() as fake:
        yield fake


@pytest.fixture
def target(n8n: FakeN8n, monkeypatch: pytest.MonkeyPatch) -> N8nTarget:
    monkeypatch.setenv("ORDERS_KEY", KEY)
    return N8nTarget(url=n8n.url, api_key=Secret(what="API key", variable="ORDERS_KEY"), timeout=5)


def files(**code: str) -> list[ExportFile]:
    return [ExportFile(name=f"{name}.json", data=export(name, name.title(), text)) for name, text in code.items()]


def live(target: N8nTarget) -> dict[str, str]:
    """Return component id → digest of what is there."""
    return digests(target.fetch("orders").files)


def digests(exports: object) -> dict[str, str]:
    assert isinstance(exports, (list, tuple))
    return {part.id: part.digest for file in exports for part in recognise(file.data, file.name).components}


def revision(target: N8nTarget) -> str:
    return target.fetch("orders").revision


def test_all_pages_are_fetched(n8n: FakeN8n, target: N8nTarget) -> None:
    n8n.page = 3
    for number in range(10):
        n8n.created(f"id{number}", f"Flow {number}")
    assert sorted(live(target)) == [f"id{number}" for number in range(10)]
    assert len([path for method, path, _ in n8n.log if method == "GET"]) == 4


def test_an_empty_n8n_is_an_empty_export(target: N8nTarget) -> None:
    assert live(target) == {}


def test_what_is_pushed_is_what_is_fetched_but_for_what_the_api_does_not_take(n8n: FakeN8n, target: N8nTarget) -> None:
    n8n.created("a", "A", "old")
    n8n.created("b", "B", "1", active=True)
    wanted = [*files(a="new"), ExportFile(name="b.json", data=export("b", "B", "2", active=True))]
    pushed = target.push("orders", wanted, expected=revision(target))
    assert pushed.revision == revision(target)
    assert live(target) == digests(wanted)
    bodies = [body for method, _, body in n8n.log if method == "PUT"]
    assert all(set(body) == {"name", "nodes", "connections", "settings"} for body in bodies)


def test_a_workflow_that_is_as_it_should_be_is_not_written(n8n: FakeN8n, target: N8nTarget) -> None:
    wanted = files(a="1", b="2")
    n8n.created("a", "A", "1")
    n8n.created("b", "B", "1")
    target.push("orders", wanted, expected=revision(target))
    assert n8n.writes() == [("PUT", "workflows/b")]


def test_a_workflow_is_switched_on_and_off_as_the_release_says(n8n: FakeN8n, target: N8nTarget) -> None:
    n8n.created("a", "A", "1", active=True)
    n8n.created("b", "B", "1")
    wanted = [ExportFile(name="b.json", data=export("b", "B", active=True)), *files(a="1")]
    target.push("orders", wanted, expected=revision(target))
    assert (n8n.workflows["a"]["active"], n8n.workflows["b"]["active"]) == (False, True)
    assert ("POST", "workflows/a/deactivate") in n8n.writes()
    assert live(target) == digests(wanted)


def test_what_n8n_creates_gets_an_id_of_its_own_and_is_known_by_ours(n8n: FakeN8n, target: N8nTarget) -> None:
    pushed = target.push("orders", files(a="1"), expected=revision(target))
    (theirs,) = n8n.workflows
    assert pushed.ids == {"a": theirs}
    told = target.knowing(pushed.ids)
    assert live(told) == digests(files(a="1"))
    again = told.push("orders", files(a="2"), expected=revision(told))
    assert (again.ids, list(n8n.workflows)) == ({"a": theirs}, [theirs])


def test_what_a_release_does_not_name_stays_and_what_should_go_goes(n8n: FakeN8n, target: N8nTarget) -> None:
    for name in ("a", "b", "c"):
        n8n.created(name, name.title())
    target.push("orders", files(a="2"), expected=revision(target), gone=["b", "never"])
    assert sorted(n8n.workflows) == ["a", "c"]


def test_somebody_elses_save_since_the_comparison_is_a_conflict(n8n: FakeN8n, target: N8nTarget) -> None:
    n8n.created("a", "A")
    compared = revision(target)
    n8n.saved("a", name="Mine")
    with pytest.raises(Conflict, match="somebody else saved"):
        target.push("orders", files(a="2"), expected=compared)
    assert n8n.writes() == []


def test_a_save_between_listing_and_writing_is_a_conflict_too(n8n: FakeN8n, target: N8nTarget) -> None:
    n8n.created("a", "A")
    compared = revision(target)

    def meddle(method: str, path: str) -> None:
        if (method, path) == ("GET", "workflows/a") and not n8n.writes():
            n8n.saved("a", name="Mine")

    n8n.plug = meddle
    with pytest.raises(Conflict, match="saved 'A' just now"):
        target.push("orders", files(a="2"), expected=compared)
    assert n8n.workflows["a"]["name"] == "Mine"


def test_an_unpublished_draft_is_seen(n8n: FakeN8n, target: N8nTarget) -> None:
    n8n.created("a", "A", "runs", active=True)
    before = n8n.workflows["a"]
    published = {"versionId": before["versionId"], "nodes": before["nodes"], "connections": before["connections"]}
    wanted = live(target)
    n8n.saved("a", nodes=[], activeVersion=published)
    (file,) = target.fetch("orders").files
    (shown,) = json.loads(file.data)
    assert shown["nodes"] == published["nodes"]
    assert shown["draft"]["nodes"] == []
    assert live(target) != wanted


@pytest.mark.parametrize("fault", ["500", "400"])
def test_the_first_write_refused_changed_nothing(n8n: FakeN8n, target: N8nTarget, fault: str) -> None:
    n8n.created("a", "A")
    n8n.plug = lambda method, path: fault if method == "PUT" else None
    error = PlatformFailure if fault == "400" else PartialPush
    with pytest.raises(error, match="out of order"):
        target.push("orders", files(a="2"), expected=revision(target))


def test_a_failure_on_the_way_tells_what_is_changed_unsure_and_untouched(n8n: FakeN8n, target: N8nTarget) -> None:
    for name in ("a", "b", "c", "d"):
        n8n.created(name, name.title())
    n8n.plug = lambda method, path: "drop" if (method, path) == ("PUT", "workflows/c") else None
    with pytest.raises(PartialPush, match="cannot be reached") as failed:
        target.push("orders", files(a="2", b="2", c="2", d="2"), expected=revision(target))
    stood = failed.value
    assert (stood.changed, stood.unsure, stood.untouched) == (("a", "b"), ("c",), ("d",))


def test_a_refusal_on_the_way_leaves_nothing_unsure(n8n: FakeN8n, target: N8nTarget) -> None:
    n8n.created("a", "A")
    n8n.created("b", "B")
    n8n.plug = lambda method, path: "400" if path == "workflows/b" and method == "PUT" else None
    with pytest.raises(PartialPush) as failed:
        target.push("orders", files(a="2", b="2"), expected=revision(target))
    assert (failed.value.changed, failed.value.unsure, failed.value.untouched) == (("a",), (), ("b",))


def test_saved_but_not_switched_on_is_unsure(n8n: FakeN8n, target: N8nTarget) -> None:
    n8n.created("a", "A")
    n8n.plug = lambda method, path: "400" if path.endswith("/activate") else None
    wanted = [ExportFile(name="a.json", data=export("a", "A", "2", active=True))]
    with pytest.raises(PartialPush, match="refused to activate 'A'") as failed:
        target.push("orders", wanted, expected=revision(target))
    assert failed.value.unsure == ("a",)


def test_a_key_that_may_not_delete_says_so(n8n: FakeN8n, target: N8nTarget) -> None:
    n8n.created("a", "A")
    n8n.methods = frozenset({"GET", "PUT", "POST"})
    with pytest.raises(PlatformFailure, match="scopes do not let it delete workflows"):
        target.push("orders", [], expected=revision(target), gone=["a"])


def test_a_wrong_key_is_one_clear_line_without_the_key(
    n8n: FakeN8n, target: N8nTarget, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORDERS_KEY", "guessed wrong")
    with pytest.raises(PlatformFailure, match="does not know this API key") as refused:
        target.fetch("orders")
    assert "guessed" not in str(refused.value)


def test_a_release_that_holds_something_else_is_refused_before_anything_is_sent(
    n8n: FakeN8n, target: N8nTarget
) -> None:
    before = revision(target)
    with pytest.raises(BadInput, match="n8n workflow"):
        target.push("orders", [ExportFile(name="a.json", data=b'{"a": 1}')], expected=before)
    assert n8n.writes() == []


def test_the_file_that_carries_a_component_is_the_one_that_counts(n8n: FakeN8n, target: N8nTarget) -> None:
    n8n.created("a", "A", "0")
    both = [
        ExportFile(name="new.json", data=export("a", "A", "new")),
        ExportFile(name="old.json", data=export("a", "A")),
    ]
    target.push("orders", both, expected=revision(target), carriers={"a": "new.json"})
    assert n8n.workflows["a"]["nodes"][1]["parameters"]["jsCode"] == "new"


def test_the_key_comes_from_a_file_that_only_its_owner_can_read(n8n: FakeN8n, tmp_path: Path) -> None:
    (tmp_path / "key").write_text(f"{KEY}\n")
    (tmp_path / "key").chmod(0o600)
    reached = TARGETS["n8n"].connect(tmp_path, {"url": n8n.url, "api-key-file": "key"})
    assert reached.fetch("orders").files
    (tmp_path / "key").chmod(0o640)
    with pytest.raises(PlatformFailure, match="mode 0640"):
        reached.fetch("orders")


def test_an_n8n_needs_a_key_from_one_place() -> None:
    with pytest.raises(BadInput, match="API key"):
        TARGETS["n8n"].check({"url": "http://127.0.0.1:5678"})
    with pytest.raises(BadInput, match="not from both"):
        TARGETS["n8n"].check({"url": "http://127.0.0.1:5678", "api-key-env": "A", "api-key-file": "b"})
