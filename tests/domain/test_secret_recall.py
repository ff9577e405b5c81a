"""How many secrets are found, and how much is taken for one that is none: numbers, printed with the test's outcome."""

from __future__ import annotations

import json
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.labelled import Labelled, lookalikes, positives

from store.domain.secrets import Covered, cover, open_secrets
from store.domain.secrets.scanning import LOOKS
from store.formats.safe_yaml import read as read_yaml
from store.platforms import known_secrets

EXPORTS = Path(__file__).parents[2] / "../shared/data/exports"
SEEDS = range(3)
TRUE_ONES = {
    "workflows_Code_1756_Code_HTTP_Automation_Webhook.json": 1,  # a bearer token of Perplexity, a stand-in
    "workflows_Http_0470_HTTP_GoogleSheets_Update_Webhook.json": 1,  # an api_key in a pair
    "workflows_Manual_0128_Manual_N8Ntrainingcustomerdatastore_Automation_Webhook.json": 1,  # a course's own key
    "workflows_Manual_1532_Manual_Wait_Automation_Webhook.json": 1,  # x-api-key in a pair
    "workflows_Wait_1992_Wait_Code_Automation_Webhook.json": 1,  # the same
    "GetOrganizationUsers_Microsoft.Flow_flows_63aa12db-ab81-4cdf-8b00-c7dc3114fd79_definition.json": 1,
    "GetOrganizationUsers.zip!Microsoft.Flow/flows/63aa12db-ab81-4cdf-8b00-c7dc3114fd79/definition.json": 1,
}
"""Real exports that were looked at by hand, and hold so many secrets: in all others what is found is none."""


def covered(one: Labelled) -> Covered:
    known = known_secrets(one.data, one.name)
    return cover(one.data, lambda _: "a" * 10, name=one.name, more=known)


def test_recall_over_the_labelled_set(record_property: Callable[[str, object], None]) -> None:
    sets = [one for seed in SEEDS for one in positives(seed)]
    missed = [
        (one.what, secret)
        for one in sets
        for secret in one.secrets
        if secret.encode() in (left := covered(one)).data or not left.kinds
    ]
    total = sum(len(one.secrets) for one in sets)
    recall = 1 - len(missed) / total
    record_property("secrets", f"recall {recall:.4f}: {total - len(missed)} of {total} secrets in {len(sets)} exports")
    assert recall >= 0.95, missed[:20]


def test_look_alikes_are_left_alone(record_property: Callable[[str, object], None]) -> None:
    sets = list(lookalikes())
    wrong = [(one.what, open_secrets(one.data, one.name)) for one in sets]
    false = [(what, spans) for what, spans in wrong if spans]
    record_property("secrets", f"look-alikes: {len(false)} of {len(sets)} exports taken for leaks")
    assert not false


def test_what_is_covered_is_still_a_document_of_as_many_lines() -> None:
    for one in positives(7):
        left = covered(one)
        assert left.data.count(b"\n") == one.data.count(b"\n"), one.what
        assert covered(Labelled(name=one.name, what="", data=left.data)).kinds == (), one.what
        if one.name.endswith(".json"):
            json.loads(left.data)
        elif one.name.endswith(".yaml"):
            read_yaml(left.data)


def test_false_alarms_in_real_exports(record_property: Callable[[str, object], None]) -> None:
    if not EXPORTS.exists():
        pytest.skip("the folder of real exports (../shared/data) is not here")
    files = [path for path in sorted(EXPORTS.rglob("*")) if path.is_file() and path.name != "manifest.csv"]
    false, found, seconds, size = 0, 0, 0.0, 0
    for path in files:
        for name, data in documents(path):
            LOOKS.clear()  # nothing is known from a test before
            began = time.process_time()
            spans = open_secrets(data, name, more=known_secrets(data, name))
            seconds += time.process_time() - began
            size += len(data)
            expected = next((count for part, count in TRUE_ONES.items() if part in f"{path.name}!{name}"), 0)
            found += min(len(spans), expected)
            false += max(0, len(spans) - expected)
    record_property(
        "secrets",
        f"{len(files)} real exports: {found} true, {false} false alarms ({50 * false / len(files):.2f} per 50);"
        f" {1000 * seconds / len(files):.2f} ms of processor an export, {size / seconds / 1e6:.0f} MB/s",
    )
    assert found == sum(TRUE_ONES.values())
    assert false * 50 <= len(files)


def documents(path: Path) -> Iterator[tuple[str, bytes]]:
    if path.suffix != ".zip":
        yield path.name, path.read_bytes()
        return
    with zipfile.ZipFile(path) as opened:
        for info in opened.infolist():
            if not info.is_dir():
                yield info.filename, opened.read(info)
