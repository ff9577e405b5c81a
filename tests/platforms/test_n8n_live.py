"""Against a real n8n: every sample workflow comes back as it was pushed; states, conflicts, drafts and deletions."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_n8n import export, workflow
from n8n_server import Server, running, wanted

from store.domain.component import ExportFile
from store.errors import BadInput, Conflict, PlatformFailure
from store.platforms import recognise
from store.platforms.n8n.target import N8nTarget
from store.reach.secret import Secret

pytestmark = [pytest.mark.n8n, pytest.mark.xdist_group("n8n")]
SAMPLES = Path(__file__).parents[2] / "../shared/data/exports/n8n"

NOT_ITS_OWN = {"maxExecutions", "retryOnFail", "retryCount", "retryDelay"}
"""Settings that whoever collected the samples wrote into all of them; n8n knows none, and refuses to save them.
So it does with a setting of null."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    wanted()
    with running(tmp_path_factory.mktemp("n8n")) as started:
        yield started


@pytest.fixture
def target(server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[N8nTarget]:
    monkeypatch.setenv("ORDERS_KEY", server.key)
    made = N8nTarget(url=server.url, api_key=Secret(what="API key", variable="ORDERS_KEY"), timeout=30)
    clear(made)
    yield made
    clear(made)


def clear(target: N8nTarget) -> None:
    snapshot = target.fetch("orders")
    target.push("orders", [], expected=snapshot.revision, gone=list(digests(snapshot.files)))


def digests(files: object) -> dict[str, str]:
    assert isinstance(files, (list, tuple))
    return {part.id: part.digest for file in files for part in recognise(file.data, file.name).components}


def file(name: str, code: str = "1", *, active: bool = False) -> ExportFile:
    return ExportFile(name=f"{name}.json", data=export(name, name.title(), code, active=active))


def made(target: N8nTarget, *files_: ExportFile) -> N8nTarget:
    """Push, and return the target as it knows what it created."""
    return target.knowing(target.push("orders", files_, expected=target.fetch("orders").revision).ids)


def test_every_sample_workflow_that_n8n_takes_comes_back_as_it_was_pushed(target: N8nTarget, record_property) -> None:
    if not SAMPLES.is_dir():
        pytest.skip("no ../shared/data/exports")
    taken, refused = 0, dict[str, str]()
    every = 1 if os.environ["QUARTERDECK_N8N"] == "all" else 10
    for path in sorted(SAMPLES.rglob("*.json"))[::every]:
        try:
            parsed = recognise(path.read_bytes(), path.name)
        except BadInput:
            continue
        if parsed.platform != "n8n":
            continue
        whole = json.loads(path.read_bytes())
        whole["settings"] = {
            key: value for key, value in whole["settings"].items() if key not in NOT_ITS_OWN and value is not None
        }
        whole["active"] = False  # nobody calls the services that a trigger would register with
        pushed = ExportFile(name=path.name, data=json.dumps(whole).encode())
        before = target.fetch("orders")
        try:
            told = target.knowing(target.push("orders", [pushed], expected=before.revision).ids)
        except PlatformFailure as failure:
            refused[path.name] = str(failure)
            continue
        live = told.fetch("orders")
        assert digests(live.files) == digests([pushed]), path.name
        target.push("orders", [], expected=live.revision, gone=list(told.ids.values()))
        taken += 1
    record_property("soak", f"n8n: {taken} sample workflows came back as pushed, n8n refused {len(refused)}")
    assert taken > 10, refused


def test_what_is_saved_over_an_existing_workflow_comes_back_too(target: N8nTarget) -> None:
    told = made(target, file("a", "1"), file("b", "1"))
    again = made(told, file("a", "2"), file("b", "1"))
    assert again.ids == told.ids
    assert digests(again.fetch("orders").files) == digests([file("a", "2"), file("b", "1")])


def test_active_is_a_state_that_is_kept(target: N8nTarget) -> None:
    told = made(target, file("a", active=True))
    assert digests(told.fetch("orders").files) == digests([file("a", active=True)])
    told = made(told, file("a", "2", active=True))
    assert digests(told.fetch("orders").files) == digests([file("a", "2", active=True)])
    told = made(told, file("a", "2"))
    assert digests(told.fetch("orders").files) == digests([file("a", "2")])


def test_somebody_saving_in_the_editor_is_a_conflict_and_drift(target: N8nTarget, server: Server) -> None:
    told = made(target, file("a"))
    compared = told.fetch("orders")
    changed = {**workflow("A", "mine"), "versionId": ""}
    answer = server.session.patch(f"/rest/workflows/{told.ids['a']}?forceSave=true", json=changed)
    answer.raise_for_status()
    with pytest.raises(Conflict):
        told.push("orders", [file("a", "2")], expected=compared.revision)
    assert digests(told.fetch("orders").files) != digests(compared.files)


def test_a_deleted_workflow_is_gone_and_comes_back_under_another_id(target: N8nTarget) -> None:
    told = made(target, file("a"), file("b"))
    gone = told.push("orders", [file("b")], expected=told.fetch("orders").revision, gone=["a"])
    told = told.knowing(gone.ids)
    assert digests(told.fetch("orders").files) == digests([file("b")])
    back = made(told, file("a"), file("b"))
    assert digests(back.fetch("orders").files) == digests([file("a"), file("b")])


def test_more_workflows_than_a_page_holds_are_all_seen(target: N8nTarget, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("store.platforms.n8n.target._PAGE", 2)
    told = made(target, *(file(name) for name in "abcde"))
    assert sorted(digests(told.fetch("orders").files)) == list("abcde")


def test_an_unknown_key_is_refused(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORDERS_KEY", "nobody")
    with pytest.raises(PlatformFailure, match="does not know this API key"):
        N8nTarget(url=server.url, api_key=Secret(what="API key", variable="ORDERS_KEY")).fetch("orders")
