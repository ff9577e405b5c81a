"""n8n workflows: every shape they travel in, and what a reviewer is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from store.domain.component import Parsed
from store.domain.diff import compare_exports
from store.platforms import recognise
from store.platforms.n8n import N8n

MAIL = Path(__file__).parent / "fixtures/n8n/welcome-mail.json"


def mail() -> dict[str, Any]:
    return json.loads(MAIL.read_bytes())


def parsed(value: Any) -> Parsed:
    return recognise(json.dumps(value).encode(), "export.json")


def one(**node: Any) -> Parsed:
    node = {"id": "n1", "name": "N", "typeVersion": 1, "position": [0, 0], "parameters": {}, **node}
    return N8n().parse(json.dumps({"name": "W", "nodes": [node], "connections": {}}).encode(), "export.json")


def test_a_download_a_backup_and_an_answer_of_the_api_hold_the_same_workflow() -> None:
    digest = recognise(MAIL.read_bytes(), "welcome-mail.json").components[0].digest
    for value in ([mail()], {"data": [mail()], "nextCursor": None}):
        found = parsed(value)
        assert (found.platform, [part.digest for part in found.components]) == ("n8n", [digest])


def test_a_workflow_without_an_id_is_called_by_its_name() -> None:
    flow = mail()
    del flow["id"]
    assert [(part.id, part.name) for part in parsed(flow).components] == [("Welcome mail", "Welcome mail")]


def test_two_workflows_of_one_id_are_kept_apart() -> None:
    assert [part.id for part in parsed([mail(), mail()]).components] == ["WelcomeMail00001", "WelcomeMail00001 (2)"]


def test_nodes_without_ids_are_called_by_name_and_twins_by_number() -> None:
    flow = mail()
    for node in flow["nodes"]:
        del node["id"]
    assert list(parsed(flow).components[0].labels) == ["Sign-up", "Tidy up", "Send mail"]
    flow["nodes"].append(flow["nodes"][0])
    assert list(parsed(flow).components[0].labels) == ["#0", "#1", "#2", "#3"]


def test_hosts_credentials_and_community_modules_are_the_connectors() -> None:
    found = one(
        type="n8n-nodes-evolution.send",
        parameters={"url": "=https://api.example/{{ $json.id }}"},
        credentials={"slackApi": {"id": "1", "name": "Team"}},
    )
    assert [(item.kind, item.name) for item in found.connectors] == [
        ("module", "n8n-nodes-evolution"),
        ("credential", "slackApi: Team"),
        ("host", "api.example"),
    ]


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ("=https://good.example{{ '.evil.example' }}/x", ["good.example…"]),
        ("=https://good.example@{{ $json.host }}/x", ["good.example…"]),
        ("=evil.example", ["evil.example"]),
        ("=https:evil.example", ["evil.example"]),
        ("={{ $json.url }}", []),
    ],
)
def test_an_expression_hides_no_host_that_stands_in_it(value: str, names: list[str]) -> None:
    found = one(type="n8n-nodes-base.httpRequest", parameters={"url": value}).connectors
    assert [item.name for item in found if item.kind == "host"] == names


BASE = "n8n-nodes-base."
NOTICES = [
    ({"type": BASE + "executeCommand", "parameters": {"command": "reboot"}}, "shell"),
    ({"type": BASE + "webhook", "parameters": {"path": "x"}}, "open-endpoint"),
    ({"type": BASE + "webhook", "parameters": {"path": "x", "authentication": "none"}}, "open-endpoint"),
    ({"type": BASE + "readWriteFile", "parameters": {"fileSelector": "/etc/passwd"}}, "file"),
    ({"type": BASE + "scheduleTrigger", "parameters": {"rule": {"interval": [{"field": "hours"}]}}}, "schedule"),
    ({"type": BASE + "httpRequest", "parameters": {"options": {"allowUnauthorizedCerts": True}}}, "tls-off"),
    ({"type": BASE + "code", "parameters": {"jsCode": "require('child_process').exec('id')"}}, "shell"),
    ({"type": "@n8n/n8n-nodes-langchain.toolCode", "parameters": {"pythonCode": "os.system('id')"}}, "shell"),
    ({"type": BASE + "code", "parameters": {"jsCode": "const apiKey = 'q8Zr-77-xx';"}}, "inline-secret"),
]


@pytest.mark.parametrize(("node", "code"), NOTICES, ids=[f"{node['type']} {code}" for node, code in NOTICES])
def test_a_reviewer_is_told(node: dict[str, Any], code: str) -> None:
    found = one(**node)
    assert [(notice.code, notice.component) for notice in found.notices] == [(code, "W")]
    assert "q8Zr" not in found.notices[0].detail


def test_a_secret_in_data_that_was_pinned_to_a_node_is_told_and_no_behaviour() -> None:
    headers = {"authorization": "Bearer OYPifVCdLmOBqSph9ValL4dCsKhzGDZLSOC8SdozD0Khy0wiS8p7"}
    flow = {"name": "W", "nodes": [{"id": "h", "name": "Hook", "type": BASE + "set"}], "connections": {}}
    plain, pinned = (
        recognise(json.dumps(value).encode(), "w.json")
        for value in (flow, {**flow, "pinData": {"Hook": [{"json": {"headers": headers}}]}})
    )
    assert [(one.code, one.part, one.detail) for one in pinned.notices] == [
        ("inline-secret", "h", "Hook: its pinned data holds a secret in the open (bearer token)")
    ]
    assert pinned.components[0].digest == plain.components[0].digest


def test_a_draft_that_is_not_what_runs_is_told_until_it_is_published() -> None:
    def flow(draft: str, live: str, **more: Any) -> Any:
        def nodes(text: str) -> Any:
            return [{"id": "s", "name": "Set", "type": BASE + "set", "parameters": {"text": text}}]

        version = {"versionId": f"{live}-published", "nodes": nodes(live), "connections": {}}
        own = {"id": "7", "name": "W", "active": True, "versionId": f"{draft}-saved", "activeVersion": version}
        return {**own, "nodes": nodes(draft), "connections": {}, **more}

    before, after = (recognise(json.dumps(flow("new", live)).encode(), "w.json") for live in ("old", "new"))
    assert [(one.code, one.detail) for one in before.notices] == [
        ("unpublished-draft", "W: is a draft beside the published version old-publ, which runs")
    ]
    assert after.notices == ()
    found = compare_exports(before, after, N8n().rules)
    assert not found.is_empty, "what runs is another than before"
    assert [fact.code for fact in found.impact.facts] == ["notice-removed"]
    asleep = flow("new", "old", active=False)
    assert recognise(json.dumps(asleep).encode(), "w.json").notices == ()


INTERVALS = [
    ([{"field": "minutes", "minutesInterval": 5}], "runs every 5 minutes"),
    ([{"triggerAtHour": 8, "triggerAtMinute": 5}], "runs every day at 08:05"),
    ([{"field": "cronExpression", "expression": "0 6 * * 1"}], "runs on the schedule 0 6 * * 1"),
    ([{"field": "hours"}, {"field": "weeks", "weeksInterval": 2}], "runs every hour and every 2 weeks"),
    ([7], 'runs on the schedule {"interval":[7]}'),
]
SCHEDULES: list[tuple[dict[str, Any], str]] = [
    *(({"rule": {"interval": intervals}}, words) for intervals, words in INTERVALS),
    ({"triggerTimes": {"item": [{"mode": "everyHour"}]}}, "runs every hour"),
    ({"triggerTimes": {"item": [{"hour": 7, "minute": 30}]}}, "runs every day at 07:30"),
    ({"unit": "minutes", "interval": 10}, "runs every 10 minutes"),
    ({}, "runs on the schedule it came with"),
]


@pytest.mark.parametrize(("parameters", "words"), SCHEDULES, ids=[words for _, words in SCHEDULES])
def test_a_schedule_is_told_in_words(parameters: dict[str, Any], words: str) -> None:
    found = one(name="Timer", type=BASE + "scheduleTrigger", parameters=parameters)
    assert [notice.detail for notice in found.notices] == [f"Timer: {words}"]


def test_a_webhook_with_authentication_is_no_open_endpoint() -> None:
    assert one(type=BASE + "webhook", parameters={"path": "x", "authentication": "headerAuth"}).notices == ()


def test_a_document_that_only_talks_about_nodes_and_connections_is_not_n8n() -> None:
    assert parsed({"nodes": ["a"], "connections": {}}).platform == "generic"
    assert parsed({"text": 'the keys "nodes" and "connections"'}).platform == "generic"
