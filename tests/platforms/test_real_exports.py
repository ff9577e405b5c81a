"""Every export in ../shared/data that a real tool wrote: the right platform, a sensible list of components."""

from __future__ import annotations

import csv
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

import pytest
from platform_promises import holds

from store.domain.component import Parsed
from store.platforms import PLATFORMS, recognise

EXPORTS = Path(__file__).parents[2] / "../shared/data/exports"
MANIFEST = EXPORTS / "manifest.csv"
KNOWN = set(PLATFORMS)
pytestmark = pytest.mark.skipif(not MANIFEST.exists(), reason="the folder of real exports (../shared/data) is not here")

COMPANIONS = {
    "home-assistant": (".github_*",),  # the repository's own automation, nothing that Home Assistant reads
    "logic-apps": (
        "*.vscode_*",
        "*launchSettings*",
        "*devcontainer*",
        "*templates_manifest*",
        "*aisearch_index*",
        "*acr-template*",
        "*MockConfigFile*",
        "*ARM_*-parameters*",
    ),
    "step-functions": ("*MockConfigFile*",),
}
"""Files that came along with exports and are none themselves: the generic platform takes them as what they are."""


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One file of the manifest, read."""

    file: str
    wanted: str
    parsed: Parsed
    seconds: float


def wanted_of(platform: str, file: str) -> str:
    name = Path(file).name
    if platform not in KNOWN or any(fnmatch(name, pattern) for pattern in COMPANIONS.get(platform, ())):
        return "generic"
    return platform


def files() -> Iterator[tuple[str, str]]:
    """Yield (platform, file): what the manifest lists, then what lies in the folders beside it."""
    with MANIFEST.open(encoding="utf-8", newline="") as file:
        listed = {row["file"]: row["platform"] for row in csv.DictReader(file)}
    for name, platform in listed.items():
        yield platform, name
    for path in sorted(EXPORTS.rglob("*")):
        name = path.relative_to(EXPORTS).as_posix()
        if path.is_file() and path != MANIFEST and name not in listed:
            yield name.partition("/")[0], name


@cache
def samples() -> tuple[Sample, ...]:
    found = []
    for platform, name in files():
        path = EXPORTS / name
        data = path.read_bytes()
        start = time.process_time()
        parsed = recognise(data, path.name)
        seconds = time.process_time() - start
        found.append(Sample(file=name, wanted=wanted_of(platform, name), parsed=parsed, seconds=seconds))
    return tuple(found)


def table() -> str:
    """Return files, components by kind, connectors, notices by code and time, a line a platform."""
    groups: dict[str, list[Sample]] = defaultdict(list)
    for sample in samples():
        groups[sample.parsed.platform].append(sample)
    lines = [f"{'platform':16} {'files':>6} {'components':>10} {'connectors':>10} {'notices':>8} {'ms a file':>10}"]
    for platform, group in sorted(groups.items()):
        kinds = Counter(part.kind for sample in group for part in sample.parsed.components)
        codes = Counter(notice.code for sample in group for notice in sample.parsed.notices)
        links = sum(len(sample.parsed.connectors) for sample in group)
        took = 1000 * sum(sample.seconds for sample in group) / len(group)
        lines += [
            f"{platform:16} {len(group):6} {kinds.total():10} {links:10} {codes.total():8} {took:10.1f}",
            f"{'':16} {', '.join(f'{count} {kind}' for kind, count in kinds.most_common())}",
            f"{'':16} {', '.join(f'{count} {code}' for code, count in codes.most_common()) or 'no notices'}",
        ]
    return "\n".join(lines)


def test_every_real_export_is_read_by_the_platform_that_wrote_it(capsys: pytest.CaptureFixture[str]) -> None:
    wrong = {s.file: (s.wanted, s.parsed.platform) for s in samples() if s.parsed.platform != s.wanted}
    with capsys.disabled():
        print(f"\n{table()}")
    assert not wrong


def test_every_real_export_has_components_that_keep_the_promises_of_a_platform() -> None:
    for sample in samples():
        assert sample.parsed.components, sample.file
        holds(sample.parsed)


def test_a_real_export_read_twice_gives_the_same_components() -> None:
    for sample in samples()[::7]:
        again = recognise((EXPORTS / sample.file).read_bytes(), Path(sample.file).name)
        assert again.components == sample.parsed.components


def test_every_component_of_a_real_export_has_a_name() -> None:
    unnamed = [
        (sample.file, part.id) for sample in samples() for part in sample.parsed.components if not part.name.strip()
    ]
    assert not unnamed


def test_dashboards_have_a_component_for_each_panel_they_show() -> None:
    old = next(sample for sample in samples() if sample.file.endswith("node-exporter-full-old.json"))
    kinds = Counter(part.kind for part in old.parsed.components)
    assert (kinds["dashboard"], kinds["row"], kinds["panel"]) == (1, 19, 172)
    named = {connector.name: len(connector.components) for connector in old.parsed.connectors}
    assert named == {"grafana": 0, "prometheus": 173, "prometheus: ${DS_LOCALHOST}": 173}
