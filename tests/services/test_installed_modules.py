"""Modules of a live installation: in the inventory, and a new version of one beside the change that runs on it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from support.exports import V1, V2
from support.scene import Scene
from support.tampering import past_triggers

from store.domain import events as ev
from store.domain.component import Connector
from store.domain.impact import Code
from store.domain.installed import changes_in_words
from store.ledger.report import Verdict
from store.services import diffing
from store.services.audit.verifying import Scope, verify_workspace
from store.services.connectors import installed, reviewing
from store.services.connectors.inventory import inventory
from store.services.requests import assessing, requests


def module(name: str, version: str | None = None) -> Connector:
    return Connector(kind="module", name=name, version=version)


def observe(scene: Scene, *modules: Connector) -> ev.ModulesObserved | None:
    entry = installed.observe_modules(scene.context, environment="prod", project="orders", modules=modules)
    if entry is None:
        return None
    event = ev.decode(entry.statement.kind, entry.statement.on, entry.statement.data)
    assert isinstance(event, ev.ModulesObserved)
    return event


def versions(scene: Scene) -> dict[str, tuple[str, ...]]:
    return {item.name: item.versions for item in inventory(scene.context).items if item.kind == "module"}


def test_what_is_installed_is_in_the_inventory_with_its_version_until_it_is_gone(scene: Scene) -> None:
    observe(scene, module("node-red", "4.1.8"), module("red-mail", "1.0.0"))
    assert versions(scene) == {"node-red": ("4.1.8",), "red-mail": ("1.0.0",)}
    (use,) = next(item for item in inventory(scene.context).items if item.name == "red-mail").uses
    assert (use.project, use.environment, use.component) == ("orders", "prod", "")
    observe(scene, module("node-red", "4.1.8"))
    assert not next(item for item in inventory(scene.context).items if item.name == "red-mail").in_use


def test_only_a_change_is_recorded_and_says_what_changed(scene: Scene) -> None:
    first = observe(scene, module("red-mail", "1.0.0"), module("red-sms", "2.0.0"))
    assert first is not None
    assert (first.modules, first.changes) == (2, ())
    assert observe(scene, module("red-sms", "2.0.0"), module("red-mail", "1.0.0")) is None
    second = observe(scene, module("red-mail", "1.1.0"), module("red-fax"))
    assert second is not None
    assert second.changes == ("red-fax came", "red-mail 1.0.0 → 1.1.0", "red-sms 2.0.0 is gone")


def test_a_new_version_is_news_since_the_last_review(scene: Scene) -> None:
    observe(scene, module("red-mail", "1.0.0"))
    reviewing.review(scene.context, scene.bo, inventory(scene.context))
    observe(scene, module("red-mail", "1.1.0"))
    (changed,) = inventory(scene.context).changed()
    assert changed.words == ("version 1.0.0 → 1.1.0",)


def test_a_hostile_list_is_recorded_bounded_and_without_its_secrets(scene: Scene) -> None:
    token = "ghp" + "_" + "a1B2" * 9
    many = [module(f"m{number:05}", "1" * 5000) for number in range(installed.MOST + 50)]
    seen = observe(scene, module(f"a {token}"), *many)
    assert seen is not None
    assert seen.modules == installed.MOST
    assert not any(token in name or len(name) > 200 for name in versions(scene))
    assert max(len(version) for found in versions(scene).values() for version in found) == 200
    after = observe(scene)
    assert after is not None
    assert (len(after.changes), after.more_changes) == (8, installed.MOST - 8)


@pytest.fixture
def deployed(scene: Scene) -> Scene:
    observe(scene, module("red-mail", "1.0.0"))
    scene.live(V1)
    return scene


def told(scene: Scene, request: str) -> Sequence[tuple[str, str, str, str]]:
    facts = diffing.of_request(scene.context, request).impact.facts
    return [(fact.code.value, fact.connector.name, fact.old, fact.new) for fact in facts if fact.connector]


def test_a_version_that_changed_since_the_last_deployment_stands_in_the_diff_and_the_risk(deployed: Scene) -> None:
    deployed.ingest(V2)
    request = deployed.open()
    assert told(deployed, request) == []
    observe(deployed, module("red-mail", "2.0.0"))
    assert told(deployed, request) == [("connector-version", "red-mail", "1.0.0", "2.0.0")]
    seen = assessing.see(
        deployed.context, deployed.context.ledger, requests.change_of(deployed.context.ledger, request)
    )
    assert [fact.code for fact in seen.impact.facts if fact.connector] == [Code.CONNECTOR_VERSION]
    change = requests.change_of(deployed.context.ledger, request)
    risk = assessing.assess(deployed.context, deployed.context.ledger, change, phase="submit")
    assert "module-changed" in [point.fact for point in risk.facts]


def test_modules_that_were_first_asked_for_after_the_deployment_are_no_news(scene: Scene) -> None:
    scene.live(V1)
    observe(scene, module("red-mail", "1.0.0"))
    scene.ingest(V2)
    assert told(scene, scene.open()) == []


def test_a_list_that_an_entry_names_is_looked_for_in_the_archive(deployed: Scene) -> None:
    assert verify_workspace(deployed.context, scope=Scope()).verdict is Verdict.ANCHORED
    named = deployed.last("modules.observed").connectors
    with past_triggers(deployed.workspace.root / "ledger.db") as connection:
        connection.execute("DELETE FROM blob WHERE digest = ?", (bytes.fromhex(named),))
    (problem,) = verify_workspace(deployed.context, scope=Scope()).problems
    assert (problem.problem, named in problem.detail) == ("archive", True)


def test_modules_of_unknown_versions_are_told_too() -> None:
    assert changes_in_words([module("a")], [module("a", "1")]) == ("a of unknown version → 1",)
