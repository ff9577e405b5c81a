"""Secrets that only what stands beside them tells, and what stands there and is none."""

from __future__ import annotations

import json

import pytest

from store.domain.secrets import open_secrets
from store.platforms import known_secrets, recognise

SIGNATURE = "abcDEF0123456789abcDEF0123456789abcDEF01234%3D"
KEY_ID, KEY = "AKIA2E0A8F3B244C9986", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYQ2mB9TzKq4"


def found(text: str) -> list[str]:
    data = text.encode()
    return [data[span.start : span.end].decode() for span in open_secrets(data)]


@pytest.mark.parametrize("levels", [1, 2, 3])
@pytest.mark.parametrize("indent", [None, 2])
def test_the_default_of_a_secure_string_is_found_in_templates_that_are_strings(levels: int, indent: int | None) -> None:
    text = json.dumps(
        {
            "adminLogin": {"type": "secureString", "defaultValue": "root{ish}77x"},
            "clientSecret": {"defaultValue": 'Zq7"!kLp0', "type": "securestring"},
            "name": {"type": "string", "defaultValue": "hello-world-1"},
            "later": {"type": "securestring", "defaultValue": "[parameters('name')]"},
        },
        indent=indent,
    )
    for _ in range(levels):
        text = json.dumps({"template": text})
    first, second = found(text)
    assert first == "root{ish}77x"
    assert second.startswith("Zq7")
    assert second.endswith("!kLp0")


@pytest.mark.parametrize(
    "text",
    [
        f'{{"query": "sig={SIGNATURE}&sv=2022-11-02&sp=r"}}',
        f'{{"query": "sp=r&sv=2022-11-02&sig={SIGNATURE}"}}',
        f'{{"query": "sp=r\\u0026sv=2022-11-02\\u0026sig={SIGNATURE}"}}',
        f"sig={SIGNATURE}&se=2030-01-01",
    ],
)
def test_a_shared_access_signature_is_found_wherever_it_stands_among_its_parameters(text: str) -> None:
    assert found(text) == [SIGNATURE]


def test_a_word_that_ends_in_sig_or_stands_alone_is_no_signature() -> None:
    assert found(f'{{"a": "sig={SIGNATURE}", "b": "config={SIGNATURE}&sv=1"}}') == []


@pytest.mark.parametrize(
    "text", ['{"func": "h = \\"Basic \\" + \\"dXNlcjpwYXNz\\";"}', "h = 'Basic ' + 'dXNlcjpwYXNz'"]
)
def test_basic_credentials_are_found_behind_a_word_that_is_joined_to_them(text: str) -> None:
    assert found(text) == ["dXNlcjpwYXNz"]


def test_a_word_joined_to_a_name_is_no_credential() -> None:
    assert found("h = 'Basic ' + 'encodedCredentials'") == []


@pytest.mark.parametrize("indent", [None, 2])
def test_the_secret_key_of_aws_is_found_beside_its_id_whatever_it_is_called(indent: int | None) -> None:
    assert found(json.dumps({"id": KEY_ID, "more": KEY}, indent=indent)) == [KEY_ID, KEY]
    assert found(json.dumps([{"id": KEY_ID}, {"more": KEY}], indent=indent)) == [KEY_ID]
    assert found(json.dumps({"id": KEY_ID, "commit": "0a" * 20}, indent=indent)) == [KEY_ID]


@pytest.mark.parametrize(
    "text",
    [
        '{"token": "0xAb5801a7D398351b8bE11C439e05C5B3259aeC9B"}',
        '{"v": "arn:aws:secretsmanager:us-east-1:123456789012:secret:MyDbSecret1-a1b2c3"}',
        '{"v": "arn:${AWS::Partition}:secretsmanager:us-east-1:123456789012:secret:MyDbSecret1-a1b2c3"}',
        "Resource: arn:aws-cn:secretsmanager:us-east-1:123456789012:secret:prod/db-a1b2c3\n",
    ],
)
def test_public_addresses_and_names_of_secrets_are_none(text: str) -> None:
    assert found(text) == []


def test_what_github_is_told_not_to_scan_is_no_file_of_secrets() -> None:
    data, name = b"paths-ignore:\n  - docs/**\n", ".github/secret_scanning.yml"
    assert known_secrets(data, name) == ()
    assert recognise(data, name).platform == "generic"
    assert known_secrets(b"wifi: hunter2x\n", "secrets.yaml")
