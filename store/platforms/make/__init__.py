"""Make scenarios (once Integromat): the blueprints its editor exports and its API answers."""

from __future__ import annotations

from typing import Final

from store.domain.build import Source
from store.domain.component import DiffRules, Parsed
from store.domain.secrets import scan
from store.integrity.strict_json import parse as parse_json
from store.platforms.make.scenario import NOISE, component_of, language, scenario_of, wires
from store.platforms.make.watch import connectors_of, notices_of


class Make:
    """Make and Integromat, and what Adobe sells as Workfront Fusion. A component is a scenario."""

    name: Final = "make"
    rules: Final = DiffRules(
        is_noise=lambda _kind, path: NOISE.covers(path),
        language=language,
        wires=wires,
    )

    def detect(self, data: bytes, name: str) -> int:
        """Return how much `data` looks like a blueprint."""
        start = data[:64].lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
        if start != b"{" or b'"flow"' not in data:
            return 0
        if b'"module"' not in data:
            return 60 if "blueprint" in name.lower() or b'"designer"' in data else 0
        return 90 if b'"mapper"' in data or b'"designer"' in data or b'"__IMTCONN__"' in data else 50

    def parse(self, data: bytes, name: str) -> Parsed:
        """Return the scenario with the apps, connections and hosts its modules use.

        Raises:
            BadInput: no strict JSON, or no blueprint.
        """
        document = parse_json(data)
        scenario = scenario_of(document.value)
        part = component_of(scenario, name, source=Source.of(data, has_float=document.has_float))
        spans = scan(data)
        return Parsed(
            platform=self.name,
            confidence=95,
            components=(part,),
            connectors=connectors_of(part),
            notices=notices_of(part, any_secret=bool(spans)),
            secrets=len(spans),
        )
