"""Templates, checklists, playbooks and dropped request files."""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path

import pytest
from support.exports import V1, V2
from support.scene import Scene, content

from store.domain import events as ev
from store.domain import templates
from store.errors import BadInput, NotFound, Refusal
from store.intake.inbox import Root, scan
from store.intake.settle import Settler
from store.services import incidents, releases
from store.services.exports import watching
from store.services.exports.ingesting import FileOutcome
from store.services.exports.request_files import RequestFiles
from store.services.incidents import playbooks
from store.services.requests import approving, dropped, requests, ticking, waiving
from store.services.requests.reading import change_of

TWEAK = {"template": "config-tweak", "what": "a longer time-out"}


def test_what_the_form_is_told_while_one_types_is_what_opening_refuses(scene: Scene) -> None:
    policy = scene.context.policy
    stated = content(title="", template="new-connector", why="x" * 4001, risk="none")
    found = {fault.field: fault for fault in templates.faults(stated, "prod", policy)}
    assert found.keys() == {"title", "what", "impact", "dependencies", "constraints", "tests", "why", "risk"}
    assert [name for name, fault in found.items() if not fault.missing] == ["why", "risk"]
    scene.ingest()
    for words in ({"title": ""}, {"why": "x" * 4001}, {"risk": "none"}, {"template": "no-such"}):
        assert templates.faults(content(**words), "prod", policy)
        with pytest.raises(BadInput):
            scene.open(**words)
    assert not templates.faults(content(), "prod", policy)


def test_every_field_that_the_template_asks_for_and_is_missing_is_named(scene: Scene) -> None:
    scene.ingest()
    before = scene.acts
    with pytest.raises(BadInput, match=r"new-connector.*--why.*--what.*--impact.*--dependencies.*--constraints"):
        scene.open(template="new-connector", why=" ")
    with pytest.raises(BadInput, match="no template 'nonsense'"):
        scene.open(template="nonsense")
    assert scene.acts == before


def test_an_edit_cannot_empty_what_the_template_asks_for(scene: Scene) -> None:
    scene.ingest()
    request = scene.open(**TWEAK)
    with pytest.raises(BadInput, match="--what"):
        requests.edit(scene.context, scene.cy, request, content=content(template="config-tweak"))


def test_an_approval_waits_until_every_item_was_ticked_by_somebody_who_could_approve(scene: Scene) -> None:
    scene.ingest()
    request = scene.submitted(**TWEAK)
    with pytest.raises(Refusal, match="not ticked on the checklist: the difference"):
        approving.approve(scene.context, scene.dana, request)
    with pytest.raises(Refusal):
        ticking.tick(scene.context, scene.cy, request, "1")
    ticking.tick(scene.context, scene.dana, request, "1", note="looked")
    with pytest.raises(Refusal, match="dana ticked that already"):
        ticking.tick(scene.context, scene.bo, request, "1")
    with pytest.raises(Refusal, match="rollback plan"):
        approving.approve(scene.context, scene.dana, request)
    ticking.tick(scene.context, scene.bo, request, "the old value is in the rollback plan")
    approving.approve(scene.context, scene.dana, request)
    assert scene.deploy(request).verified
    assert [item.by for item in ticking.checklist(scene.context, request)] == ["dana", "bo"]


@pytest.mark.parametrize("item", ["0", "3", "-1", "9" * 5000, "", "٣", "no such words"])
def test_an_item_that_is_not_on_the_list_cannot_be_ticked(scene: Scene, item: str) -> None:
    scene.ingest()
    request = scene.submitted(**TWEAK)
    with pytest.raises(BadInput):
        ticking.tick(scene.context, scene.dana, request, item)


def test_an_edit_takes_the_ticks_away(scene: Scene) -> None:
    scene.ingest()
    request = scene.submitted(**TWEAK)
    for item in ("1", "2"):
        ticking.tick(scene.context, scene.dana, request, item)
    requests.edit(scene.context, scene.cy, request, content=content(**TWEAK, why="another reason"))
    requests.submit(scene.context, scene.cy, request)
    with pytest.raises(Refusal, match="not ticked"):
        approving.approve(scene.context, scene.dana, request)


def test_the_requester_cannot_tick_their_own_request_even_as_an_approver(scene: Scene) -> None:
    scene.ingest()
    request = scene.submitted(scene.bo, **TWEAK)
    with pytest.raises(Refusal, match="separation of duties"):
        ticking.tick(scene.context, scene.bo, request, "1")


def test_a_playbook_is_ticked_step_by_step_while_its_incident_is_open(scene: Scene) -> None:
    incidents.open_incident(scene.context, scene.bo, title="it burns", severity="high")
    run = playbooks.start(scene.context, scene.bo, "rollback", "INC-0001").statement.on["playbook"]
    playbooks.tick(scene.context, scene.dana, run, 2, note="only one change goes along")
    with pytest.raises(Refusal, match="dana ticked step 2"):
        playbooks.tick(scene.context, scene.bo, run, 2)
    for wrong in (0, 7, 10**12):
        with pytest.raises(BadInput, match="steps 1 to 6"):
            playbooks.tick(scene.context, scene.bo, run, wrong)
    found = playbooks.runs(scene.context.ledger)[run]
    assert (found.done, found.steps[1].by, found.steps[1].note) == (1, "dana", "only one change goes along")
    incidents.close(scene.context, scene.bo, "INC-0001", cause="c", fix="f", learned="l")
    with pytest.raises(Refusal, match="is closed"):
        playbooks.tick(scene.context, scene.bo, run, 1)
    with pytest.raises(Refusal, match="is closed"):
        playbooks.start(scene.context, scene.bo, "rollback", "INC-0001")
    with pytest.raises(NotFound):
        playbooks.tick(scene.context, scene.bo, "PB-0002", 1)


FILE = """
title = "Longer time-out"
why = "the shop is slow"
what = "a longer time-out"
success = "orders arrive"
rollback_plan = "the release before"
risk = "low"
template = "config-tweak"
"""


def drop(scene: Scene, text: str | bytes, *, nobody: bool = False, name: str = "next.request.toml") -> FileOutcome:
    """Drop a request file beside the project's exports and take it in, by cy's key."""
    root = scene.workspace.root / "inbox"
    path = root / "prod" / "orders" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    (found,) = [item for item in scan(Root(kind="inbox", path=root)) if item.path == path]
    assert dropped.is_request(found)
    return dropped.take(scene.context, None if nobody else scene.cy, found)


def test_a_request_file_beside_an_export_opens_one_draft(scene: Scene) -> None:
    assert "nothing" in (drop(scene, FILE).reason or "") or drop(scene, FILE).outcome == "refused"
    scene.ingest(V1)
    assert drop(scene, FILE, nobody=True).outcome == "refused"
    taken = drop(scene, FILE)
    assert (taken.outcome, taken.reason) == ("opened", "CR-0001")
    assert drop(scene, FILE).outcome == "unchanged"
    opened = scene.last("request.opened")
    assert isinstance(opened, ev.RequestOpened)
    assert (opened.content.title, opened.file and opened.file.name) == ("Longer time-out", "next.request.toml")
    assert scene.state("CR-0001") == "draft"
    scene.ingest(V2)
    assert drop(scene, FILE.replace("slow", "slower")).reason == "CR-0002"


def test_whoever_hands_in_what_a_dropped_file_opened_cannot_approve_it_nor_waive_a_gate_of_it(scene: Scene) -> None:
    gus = scene.enrol("gus", "requester", "approver", "security-approver")
    scene.ingest(V1)
    drop(scene, FILE.replace('template = "config-tweak"', ""))  # by gus' own hand, as far as anybody knows
    requests.submit(scene.context, gus, "CR-0001")
    with pytest.raises(Refusal, match="separation of duties: gus handed in CR-0001, which a dropped file opened"):
        approving.approve(scene.context, gus, "CR-0001")
    with pytest.raises(Refusal, match="separation of duties"):
        waiving.grant(
            scene.context, gus, "secrets-clean", scope=waiving.Scope(request="CR-0001"), justification="j", accepted="a"
        )
    approving.approve(scene.context, scene.dana, "CR-0001")
    assert scene.deploy("CR-0001").verified


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("title = ", "TOML"),
        (b"\xff\xfe", "UTF-8"),
        ("title = 1\nwhy = [2]\n", "title is no text; why is no text"),
        ("digest = 'x'\nrequester = 'bo'\n", "nothing a request states"),
        ('title = "a\\u202eb"', "direction of reading"),
        ('title = "a\\u001b[2Jb"', "control character"),
        (f"why = '{'x' * 5000}'", "5000 characters"),
        ("x" * 70_000, "are the most"),
        (f"{'a.' * 3000}b = 1", "dots"),
        (f"a = {'[' * 5000}", "TOML"),
        ("template = 'nonsense'", "no template"),
    ],
)
def test_a_hostile_request_file_goes_to_quarantine_with_its_reason(
    scene: Scene, text: str | bytes, why: str, tmp_path: Path
) -> None:
    del tmp_path
    scene.ingest()
    taken = drop(scene, text)
    assert taken.outcome == "quarantined"
    assert why in (taken.reason or "")
    assert not scene.entries(kind="request.opened")


class Folder:
    """A drop folder of cy's watcher, looked at when the test says so."""

    def __init__(self, scene: Scene) -> None:
        self.context = scene.context
        self.root = Root(kind="inbox", path=scene.workspace.root / "inbox")
        self.folder = self.root.path / "prod" / "orders"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.passed = 0.0
        self.settler = Settler(0.3, monotonic=lambda: self.passed, wall=lambda: 10.0, last=dropped.is_request)
        self.asked = RequestFiles(scene.context, self.settler, lambda: scene.cy)

    def put(self, name: str, data: bytes, *, written: float = 0.0) -> None:
        """Leave a file there, last written at `written` (it is 10 now; the window is 0.3)."""
        (self.folder / name).write_bytes(data)
        os.utime(self.folder / name, (written, written))

    def look(self) -> dict[str, str]:
        """Take in what has settled; return what became of each."""
        ripe = self.settler.ripe(scan(self.root))
        report = watching.taken(self.context, self.settler, ripe, self.asked)
        return {file.path.rsplit("/", 1)[1]: file.outcome for file in report.files}


def test_a_request_file_waits_for_the_export_beside_it_that_is_still_being_written(scene: Scene) -> None:
    scene.ingest(V1)
    here = Folder(scene)
    here.put("flows.json", V2, written=9.9)
    here.put("next.request.toml", FILE.encode())
    assert here.look() == {"next.request.toml": "waiting"}
    here.put("flows.json", V2)
    here.passed += 0.31
    assert here.look() == {"flows.json": "ingested", "next.request.toml": "opened"}
    target = change_of(scene.context.ledger, "CR-0001").target
    assert releases.load_ref(scene.context, target).files[0].artifact == sha256(V2).hexdigest()


def test_a_request_file_that_came_before_its_export_opens_the_draft_once_that_is_there(scene: Scene) -> None:
    here = Folder(scene)
    here.put("next.request.toml", FILE.encode())
    assert here.look() == {"next.request.toml": "refused"}
    assert here.look() == {}, "nothing came: it is not tried again and again"
    here.put("flows.json", V1)
    assert here.look() == {"flows.json": "ingested"}
    here.passed += 0.31
    assert here.look() == {"next.request.toml": "opened"}


def test_a_request_file_that_is_refused_says_what_is_missing_in_its_own_words_and_who_could_drop_it(
    scene: Scene,
) -> None:
    scene.ingest()
    missing = drop(scene, 'title = "x"\nwhy = "y"\n')
    assert missing.reason == "it does not state what it must: success, rollback_plan"
    scene.cy = scene.enrol("eve", "auditor")
    assert (drop(scene, FILE).reason or "").endswith("or admin → alice, bo, cy, dana could do it")


def test_a_secret_in_a_request_file_stays_out_of_the_ledger(scene: Scene) -> None:
    scene.ingest()
    secret = "ghp_" + "x7Kq2LmP9vRt4WzB8nYc3HdF6sJgA1eU5oXi"
    assert drop(scene, FILE.replace("the shop is slow", f"use {secret}")).outcome == "opened"
    assert not any(secret.encode() in entry.body for entry in scene.entries())
