"""Secrets in the open: which are found, what is left alone, and that none survives redaction."""

from __future__ import annotations

import json
import time
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from store.domain.secrets import find, may_hold, redact, redact_value, scan, secret_kind, which_may_hold

# Put together at run time, so that no scanner takes this file for a leak.
AWS = "AKIA" + "Q3EGRIZ7FZMLWXTP"
GITHUB = "ghp" + "_" + "16C7e42F292c6912E7710c838347Ae178B4a"
SLACK = "xoxb" + "-" + "17653672481-19874698323-pdFZKVeTuE8sk7oOcHrzqqgy"
JWT = "eyJhbGciOiJIUzI1NiJ9" + "." + "eyJzdWIiOiIxMjM0NTY3ODkwIn0" + "." + "dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P"
PEM = "-----BEGIN RSA " + "PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\nabc\n-----END RSA " + "PRIVATE KEY-----"
STRIPE = "sk" + "_live_" + "4eC39HqLyjWDarjtT1zdp7dc"

SECRETS = [
    ("AWS access key", f"const id = '{AWS}'", AWS),
    ("password in a URL", f"git clone https://x:{GITHUB}@github.com/a/b", GITHUB),
    ("GitHub token", f"headers: {GITHUB}", GITHUB),
    ("Slack token", f'slack("{SLACK}")', SLACK),
    ("JSON web token", f"cookie={JWT};", JWT),
    ("private key", f"key: |\n{PEM}\n", PEM),
    ("Stripe key", f"stripe({STRIPE!r})", STRIPE),
    ("bearer token", "Authorization: Bearer 9f86d081884c7d659a2feaa0", "9f86d081884c7d659a2feaa0"),
    ("basic credentials", "Authorization: Basic b2xpdmU6aHVudGVyMg==", "b2xpdmU6aHVudGVyMg=="),
    ("password in a URL", "postgres://shop:Wint3r!@db.example/orders", "Wint3r!"),
    ("password", 'const password = "correct horse battery staple";', "correct horse battery staple"),
    ("password", "PASSWORD=hunter22", "hunter22"),
    ("password", "mqtt_password: s3cr3t-pw", "s3cr3t-pw"),
    ("password", '{"password":"Sommer, 2024"}', "Sommer, 2024"),
    ("password", r'{"func":"var pwd = \"let-me-in\";"}', "let-me-in"),
    ("secret", "client_secret='a8f5f167f44f'", "a8f5f167f44f"),
    ("API key", '{"name": "X-Api-Key", "value": "72858adea87ad168"}', "72858adea87ad168"),
    ("account key", "AccountKey=abc123def456+/==;EndpointSuffix=x", "abc123def456+/=="),
    ("key", 'signingKey = "kJ8hG5fD3sA1qW2eR4tY6u"', "kJ8hG5fD3sA1qW2eR4tY6u"),
]
HARMLESS = [
    "permissions:\n  contents: read\n  id-token: write\n",
    '{"PS": "Palästina", "PT": "Portugal", "PW": "Palau", "PY": "Paraguay"}',
    '{"KMF":"franco comorense","KPW":"won norcoreano","KRW":"won surcoreano"}',
    "const password = msg.payload.password;",
    "password = user.password",
    "token = getToken2(user)",
    '{"password": ""}',
    '{"password": "{{ $json.password }}"}',
    '{"password": "${DB_PASSWORD}"}',
    '{"apiKey": "<your key>"}',
    '{"token": "********"}',
    "password: !secret wifi",
    '"tokenType": "bearer"',
    '{"passwordType": "msg", "max_tokens": 100000}',
    "Bearer authentication is used here",
    "Basic information about orders",
    "https://shop.example/api/orders?page=2",
    "node-red-contrib-very-long-module-name-of-somebody",
    "handle_livingroom_desired_thermostat_temperature",
    "33daaadd.09b7c6",
    '{"apiKey": "cb2b4e4c.1fe9d", "service": "quickstart"}',
    '{"name": "AzureWebJobs__credential", "value": "managedIdentity"}',
    '{"key": "menuItems.menuItem3.onClick", "path": "dynamic"}',
    '{"key": "primaryColumns.customColumn2.computedValue"}',
    '{"key": "queryParameters[0].value"}',
    '{"key": "Q-6d1f3f0e-84d2-4c31-9f1a-3ab5c5f3a1e7-0"}',
    '{"sessionKey": "test-6d1f3f0e-84d2-4c31-9f1a-3ab5c5f3a1e7"}',
    '{"flow_token": "register_customer"}',
    '{"extendsCredential": "virusTotalApi"}',
    '{"token": "GitHub个人访问令牌"}',
    "6d1f3f0e-0000-4000-8000-000000000001",
]


@pytest.mark.parametrize(("kind", "text", "secret"), SECRETS, ids=[kind for kind, _, _ in SECRETS])
def test_a_secret_is_found_where_it_stands_and_nowhere_else(kind: str, text: str, secret: str) -> None:
    assert [(span.kind, text[span.start : span.end]) for span in find(text)] == [(kind, secret)]


@pytest.mark.parametrize(("kind", "text", "secret"), SECRETS, ids=[kind for kind, _, _ in SECRETS])
def test_a_redacted_text_holds_its_secret_no_more_and_keeps_its_lines(kind: str, text: str, secret: str) -> None:
    safe = redact(f"vorher ä €\n{text}\nafter")
    assert secret not in safe
    assert f"[redacted: {kind}]" in safe
    assert safe.count("\n") == text.count("\n") + 2
    assert redact(safe) == safe


@pytest.mark.parametrize(("kind", "text", "secret"), SECRETS, ids=[kind for kind, _, _ in SECRETS])
def test_no_secret_is_overlooked_by_the_quick_look(kind: str, text: str, secret: str) -> None:
    assert may_hold(json.dumps({"text": text}).encode())


def test_one_look_at_many_texts_overlooks_no_secret_that_a_look_at_each_finds() -> None:
    plain = [json.dumps({"text": f"step {number}", "x": number}).encode() for number in range(20)]
    texts = [text for kind, secret, _ in SECRETS for text in (json.dumps({"text": secret}).encode(), *plain)]
    told = which_may_hold(texts)
    assert [may for text, may in zip(texts, told, strict=True) if text in plain] == [False] * (20 * len(SECRETS))
    assert all(may for text, may in zip(texts, told, strict=True) if may_hold(text))
    assert which_may_hold(texts[:3]) == [may_hold(text) for text in texts[:3]], "a few are looked at one by one"
    assert which_may_hold([]) == []


@settings(max_examples=300)
@given(st.text(alphabet="abeirsABEIRS019 ._/-:\u017f\u212a", max_size=16))
def test_a_short_name_is_redacted_when_a_secret_stands_in_it_and_only_then(text: str) -> None:
    assert (redact(text) == text) == (find(text) == [])


@pytest.mark.parametrize("text", HARMLESS)
def test_code_placeholders_and_prose_are_left_alone(text: str) -> None:
    assert find(text) == []
    assert redact(text) == text


def test_pw_is_a_password_wherever_no_other_codes_of_countries_stand_beside_it() -> None:
    assert [span.kind for span in find('{"PW": "Sommer"}')] == ["password"]
    assert [span.kind for span in find('[{"PT": "x"}, {"PW": "Sommer"}, {"PY": "y"}]')] == ["password"]


def test_a_value_under_a_secret_name_is_redacted_as_a_whole() -> None:
    value = {"user": "olive", "password": "olive2", "inner": [{"name": "X-Api-Key", "value": "abc123"}]}
    assert redact_value(value) == {
        "user": "olive",
        "password": "[redacted: password]",
        "inner": [{"name": "X-Api-Key", "value": "[redacted: API key]"}],
    }


def test_a_list_under_a_secret_name_is_redacted_item_by_item() -> None:
    assert redact_value({"tokens": ["abcdef", 5, None]}) == {"tokens": ["[redacted: token]", 5, None]}


def test_the_name_decides_what_a_short_value_is() -> None:
    assert secret_kind("dbPassword", "summer") == "password"
    assert secret_kind("passwordType", "summer") is None
    assert secret_kind("hotkey", "summer") is None


@given(st.text(max_size=400))
def test_any_text_can_be_searched_and_redacted(text: str) -> None:
    safe = redact(text)
    assert safe.count("\n") == text.count("\n")
    spans = find(text)
    assert all(0 <= span.start < span.end <= len(text) for span in spans)
    assert all(first.end <= second.start for first, second in pairwise(spans))


HOSTILE = [
    "password='" * 40_000,
    "password=a1" * 40_000,
    "://a:" * 80_000,
    "eyJ" * 130_000,
    "-----BEGIN PRIVATE KEY-----" * 15_000,
    "a_1" * 130_000,
    "sk-a-" * 80_000,
    '"name":"key","value":"' * 18_000,
    "key=" * 100_000,
    "sig=" * 90_000,
    "Bearer " * 60_000,
    "\\" * 400_000,
    "authorization:" * 28_000,
    "curl -u " * 50_000,
    '"value":"a",' * 35_000,
    "- name: token\n  value: " * 18_000,
    "PuTTY-User-Key-File-2:" * 18_000,
]


@pytest.mark.parametrize("text", HOSTILE, ids=[text[:12] for text in HOSTILE])
@pytest.mark.usefixtures("collector_waits")
def test_hostile_text_takes_linear_time(text: str) -> None:
    quarter, whole = (cpu_seconds(text[: len(text) // part].encode()) for part in (4, 1))
    assert whole < 10 * quarter + 0.05  # four times the text: about 4 when linear, 16 when quadratic


def cpu_seconds(data: bytes) -> float:
    """Return the least processor time of three scans: what else the machine does is no matter."""
    times = []
    for _ in range(3):
        start = time.process_time()
        scan(data)
        times.append(time.process_time() - start)
    return min(times)


def test_real_exports_hold_few_secrets() -> None:
    folder = Path(__file__).parents[2] / "../shared/data/exports"
    if not folder.exists():
        pytest.skip("the folder of real exports (../shared/data) is not here")
    files = sorted(folder.rglob("*.json"))
    holders = [path for path in files if scan(path.read_bytes())]
    assert 5 <= len(holders) <= len(files) // 20


@pytest.mark.parametrize("value", ["##PASSWORD##", "##MAIL_PASSWORD2##"])
def test_a_name_between_double_hashes_stands_for_a_secret_and_is_none(value: str) -> None:
    assert not find(json.dumps({"parameters": {"password": value}}))
    assert find(json.dumps({"parameters": {"password": "##Kq7-" + "vT9z!##"}}))


def test_a_rule_that_forbids_secrets_is_none() -> None:
    assert not find('{"session": "keep", "secrets": "forbid"}')
