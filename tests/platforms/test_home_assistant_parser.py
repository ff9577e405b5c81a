"""Home Assistant: what stands in its files, what a change of it is called, what a reviewer is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from store.domain.component import Parsed
from store.domain.diff import compare
from store.platforms import known_secrets, platform, recognise

FIXTURES = Path(__file__).parent / "fixtures/home_assistant"


def parsed(name: str) -> Parsed:
    found = recognise((FIXTURES / name).read_bytes(), name)
    assert found.platform == "home-assistant"
    return found


def ids(found: Parsed) -> list[tuple[str, str]]:
    return [(part.id, part.name) for part in found.components]


def told(found: Parsed) -> list[tuple[str, str]]:
    return [(notice.code, notice.component) for notice in found.notices]


def test_each_automation_script_and_scene_is_a_component_of_its_own() -> None:
    assert ids(parsed("automations.yaml")) == [
        ("automation.1001", "Lights at dusk"),
        ("automation.1002", "Heating off at night"),
    ]
    assert ids(parsed("scripts.yaml")) == [("script.goodnight", "Good night"), ("script.welcome", "welcome")]
    assert ids(parsed("scenes.yaml")) == [("scene.1650000000001", "Film"), ("scene.Breakfast", "Breakfast")]


def test_a_configuration_has_its_integrations_by_name_with_their_tags_kept() -> None:
    found = parsed("configuration.yaml")
    contents = {part.id: part.content for part in found.components}
    assert contents["configuration.yaml:automation"] == {"automation": {"!include": "automations.yaml"}}
    assert contents["configuration.yaml:automation by hand"] == {
        "automation by hand": {"!include_dir_merge_list": "automations/"}
    }
    assert "configuration.yaml:mqtt" in contents


def test_an_automation_in_a_package_is_the_same_as_in_a_file_of_its_own() -> None:
    found = parsed("packages/garage.yaml")
    assert [part.id for part in found.components] == [
        "packages/garage.yaml:input_boolean",
        "automation.garage_opened",
    ]


def test_a_blueprint_is_one_component_and_its_inputs_are_kept() -> None:
    (part,) = parsed("blueprint-motion.yaml").components
    assert (part.kind, part.name) == ("blueprint", "Light by motion")
    assert b'"!input":"motion"' in part.canonical


SINGLES = [
    (b"alias: One\ntriggers: []\nactions: []\n", "automations/one.yaml", "automation.One"),
    (b"sequence:\n  - action: light.turn_on\n", "scripts/evening.yaml", "script.evening"),
    (b"name: Dark\nentities: {light.a: 'off'}\n", "scenes/dark.yaml", "scene.Dark"),
    (b"- platform: template\n  sensors: {}\n", "sensors.yaml", "sensors.yaml"),
    (b"light.kitchen:\n  friendly_name: Kitchen\n  icon: mdi:x\n", "customize.yaml", "customize.yaml"),
    (b"[]\n", "automations.yaml", "automations.yaml"),
    (b"# nothing yet\n", "scripts.yaml", "scripts.yaml"),
    (b"title: Home\nviews:\n  - title: Hall\n    cards:\n      - type: light\n        entity_id: light.a\n",
     "ui-lovelace.yaml", "ui-lovelace.yaml"),
]  # fmt: skip


@pytest.mark.parametrize(("data", "name", "identity"), SINGLES, ids=[name for _, name, _ in SINGLES])
def test_a_file_for_one_thing_is_known_by_its_shape_and_its_name(data: bytes, name: str, identity: str) -> None:
    found = recognise(data, name)
    assert (found.platform, [part.id for part in found.components]) == ("home-assistant", [identity])


OTHERS = [
    (b"on: push\njobs:\n  a:\n    steps: [{run: make}]\n", "ci.yml"),
    (b"version: '3'\nservices:\n  web: {image: a}\n", "docker-compose.yaml"),
    (b"trigger: [main]\npool: {vmImage: a}\nsteps:\n  - script: make\n", "azure-pipelines.yml"),
    (b"esphome:\n  name: a\nwifi:\n  password: !secret w\nsensor:\n  - platform: dht\n", "dht.yaml"),
    (b"apiVersion: v1\nkind: ConfigMap\ndata: {automation: a}\n", "map.yaml"),
    (b"language: python\nscript:\n  - pytest\n", ".travis.yml"),
    (b"StartAt: A\nStates:\n  A: {Type: Pass, End: true}\n", "machine.yaml"),
    (b"a: 1\n---\nautomation: []\n", "two.yaml"),
    (b"frontend: {image: a}\nbackend: {image: b}\n", "values.yaml"),
    (b"automation: true\nregion: eu\nowner: ada\n", "settings.yaml"),
    (b"- hosts: all\n  tasks: [{name: a, action: ping}]\n", "playbook.yml"),
]


@pytest.mark.parametrize(("data", "name"), OTHERS, ids=[name for _, name in OTHERS])
def test_yaml_of_other_tools_is_not_taken_for_a_house(data: bytes, name: str) -> None:
    assert recognise(data, name).platform != "home-assistant"


def test_a_template_that_changed_is_told_line_by_line_by_the_name_of_the_automation() -> None:
    data = (FIXTURES / "packages/garage.yaml").read_bytes()
    old = recognise(data, "packages/garage.yaml")
    new = recognise(data.replace(b"Somebody is in", b"A courier is in"), "packages/garage.yaml")
    (change,) = compare(old.components, new.components, platform("home-assistant").rules).components
    assert (change.name, [code.language for code in change.code]) == ("Garage opened by the courier", ["jinja"])
    assert "-Somebody is in the garage\n+A courier is in the garage" in change.code[0].unified


def test_the_order_of_automations_in_their_file_is_nothing() -> None:
    one, two = b"- {alias: A, trigger: [], action: []}\n", b"- {alias: B, trigger: [], action: []}\n"
    old, new = (recognise(data, "automations.yaml").components for data in (one + two, two + one))
    assert compare(old, new, platform("home-assistant").rules).is_empty


def test_another_secret_of_another_name_is_a_change_that_shows_both_names() -> None:
    data = (FIXTURES / "configuration.yaml").read_bytes()
    old = recognise(data, "configuration.yaml")
    new = recognise(data.replace(b"!secret mqtt_password", b"!secret old_password"), "configuration.yaml")
    (change,) = compare(old.components, new.components, platform("home-assistant").rules).components
    assert [(field.path, field.old, field.new) for field in change.fields] == [
        ("mqtt.password.!secret", "mqtt_password", "old_password")
    ]


def test_hosts_credentials_integrations_and_blueprints_are_connectors_with_their_users() -> None:
    found = parsed("configuration.yaml")
    assert {(link.kind, link.name): link.components for link in found.connectors} == {
        ("module", "mqtt"): ("configuration.yaml:mqtt",),
        ("host", "broker.example"): ("configuration.yaml:mqtt",),
        ("credential", "!secret mqtt_password"): ("configuration.yaml:mqtt",),
        ("module", "rest"): ("configuration.yaml:sensor",),
        ("host", "levels.example"): ("configuration.yaml:sensor",),
        ("credential", "!env_var RIVER_TOKEN"): ("configuration.yaml:sensor",),
    }
    assert [(link.kind, link.name) for link in parsed("scripts.yaml").connectors] == [
        ("module", "blueprint ada/welcome.yaml")
    ]


def test_a_reviewer_is_told_of_commands_files_open_doors_timers_and_unchecked_certificates() -> None:
    assert told(parsed("configuration.yaml")) == [
        ("file", "configuration.yaml:homeassistant"),
        ("open-endpoint", "configuration.yaml:homeassistant"),
        ("tls-off", "configuration.yaml:sensor"),
        ("shell", "configuration.yaml:sensor"),
        ("shell", "configuration.yaml:shell_command"),
    ]
    assert told(parsed("packages/garage.yaml")) == [
        ("open-endpoint", "automation.garage_opened"),
        ("schedule", "automation.garage_opened"),
    ]
    assert told(parsed("scripts.yaml")) == [("shell", "script.goodnight")]


@pytest.mark.parametrize(
    ("trigger", "seconds"),
    [
        ("trigger: time_pattern, minutes: '/5'", 300),
        ("trigger: time_pattern, hours: '*', minutes: 0", 3_600),
        ("trigger: time_pattern, seconds: '/30'", 30),
        ("platform: time, at: '06:00:00'", 86_400),
        ("platform: time, at: ['06:00:00', 18:00:00]", 43_200),
        ("platform: calendar, entity_id: calendar.work", None),
    ],
)
def test_how_often_a_trigger_starts_an_automation_is_told_in_seconds(trigger: str, seconds: float | None) -> None:
    data = f"- alias: A\n  triggers:\n    - {{{trigger}}}\n  actions: []\n"
    (notice,) = recognise(data.encode(), "automations.yaml").notices
    assert (notice.code, notice.every) == ("schedule", seconds)


def test_a_file_of_secrets_shows_their_names_and_hides_every_value() -> None:
    data = (FIXTURES / "secrets.yaml").read_bytes()
    old, new = recognise(data, "secrets.yaml"), recognise(data.replace(b"4711", b"4712"), "secrets.yaml")
    assert (told(old), old.secrets) == ([("inline-secret", "secrets.yaml")], 3)
    assert old.components[0].content == dict.fromkeys(
        ["mqtt_password", "courier_webhook", "door_code"], "[redacted: secret]"
    )
    diff = compare(old.components, new.components, platform("home-assistant").rules)
    assert [change.change.value for change in diff.components] == ["changed"]
    assert "4711" not in str(diff)
    assert "4712" not in str(diff)


def test_every_value_of_a_file_of_secrets_is_sealed_and_of_no_other_file() -> None:
    data = b'# a\nuser: house # who\npin: 4711\nkey: "a \\" b"\nother: \'c\'\nlong: |\n  one\n  two\nempty:\n'
    found = known_secrets(data, "config/secrets.yaml")
    assert [data[span.start : span.end] for span in found] == [b"house", b"4711", b'a \\" b', b"c", b"one", b"two"]
    assert known_secrets(data, "config/scripts.yaml") == ()


def test_a_sealed_file_of_secrets_tells_which_of_them_changed() -> None:
    data = b"wifi: SEALED-secret-awllggpwjg\ndoor: SEALED-secret-vtlut4dnmr\n"
    old = recognise(data, "secrets.yaml")
    new = recognise(data.replace(b"vtlut4dnmr", b"pval6ntf4x"), "secrets.yaml")
    (change,) = compare(old.components, new.components, platform("home-assistant").rules).components
    assert [field.path for field in change.fields] == ["door"]
    assert old.notices == ()


def test_a_file_that_has_no_automations_yet_reaches_no_module() -> None:
    found = recognise(b"[]", "automations.yaml")
    assert (found.platform, found.connectors) == ("home-assistant", ())


def test_a_package_of_an_integration_nobody_knows_is_of_the_house_where_a_secret_or_an_include_says_so() -> None:
    known = b"\xef\xbb\xbfduckdns:\n  domain: !secret duckdnsdomain\n  access_token: !secret duckdnstoken\n"
    found = recognise(known, "packages/test/test.yaml")
    assert [(part.kind, part.name) for part in found.components] == [("integration", "duckdns")]
    assert recognise(b"wemo:\n  static: [192.168.1.35]\n", "packages/test/test.yaml").platform == "generic"
    assert recognise(known, "notes/test.yaml").platform == "generic"
    esphome = b"wifi:\n  ssid: !secret ssid\nota:\n  password: !secret ota\n"
    assert recognise(esphome, "esphome/packages/base.yaml").platform == "generic"
