"""Every real export of Power Automate, Logic Apps and Step Functions: a table of what was understood of it.

`pytest -s tests/platforms/test_microsoft_and_aws_exports.py` prints the table.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from pathlib import Path

import pytest
from platform_promises import holds

from store.platforms import recognise

EXPORTS = Path(__file__).parents[2] / "../shared/data/exports"
BESIDE = re.compile(
    r"\.vscode_|launchSettings|devcontainer|templates_manifest|aisearch_index|acr-template|MockConfigFile"
    r"|ARM_\w+-parameters"
)
"""What lies beside the exports and is no platform's: settings of editors, lists, data of other services."""
KINDS = {
    "power-automate": {"flow", "package", "connection", "solution", "connection-reference", "environment-variable"},
    "logic-apps": {"workflow", "connection", "host", "settings", "parameters", "template"},
    "step-functions": {"state-machine", "task", "choice", "parallel", "map", "pass", "wait", "succeed", "fail"},
}
"""What must have been found somewhere among the exports of each platform."""


@pytest.mark.skipif(not EXPORTS.exists(), reason="the folder of real exports (../shared/data) is not here")
@pytest.mark.parametrize("folder", sorted(KINDS))
def test_every_real_export_is_understood_by_its_platform(folder: str) -> None:
    files = [path for path in sorted((EXPORTS / folder).rglob("*")) if path.is_file()]
    assert files
    seen: set[str] = set()
    print()
    for path in files:
        began = time.perf_counter()
        parsed = recognise(path.read_bytes(), path.name)
        took = 1000 * (time.perf_counter() - began)
        kinds = Counter(part.kind for part in parsed.components)
        codes = Counter(notice.code for notice in parsed.notices)
        print(f"{path.name[-70:]:70} {parsed.platform:15} {_counted(kinds):60} {_counted(codes):30} {took:6.1f} ms")
        assert parsed.platform == ("generic" if BESIDE.search(path.name) else folder), path.name
        assert parsed.components, path.name
        assert {user for connector in parsed.connectors for user in connector.components} <= {
            part.id for part in parsed.components
        }
        holds(parsed)
        if parsed.platform == folder:
            seen |= kinds.keys()
    assert KINDS[folder] <= seen


def _counted(counts: Counter[str]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.items())


@pytest.mark.skipif(not EXPORTS.exists(), reason="the folder of real exports (../shared/data) is not here")
@pytest.mark.parametrize("path", sorted(EXPORTS.glob("power-automate/*/*.zip")), ids=lambda path: path.name[-40:])
def test_an_unzipped_flow_is_the_same_component_as_in_its_package(path: Path) -> None:
    flows = [part for part in recognise(path.read_bytes(), path.name).components if part.kind == "flow"]
    assert flows
    lone = {
        part.id: part
        for other in path.parent.glob("*definition.json")
        for part in recognise(other.read_bytes(), other.name).components
    }
    for flow in flows:
        if flow.id in lone:
            assert lone[flow.id].name == flow.name
