"""AWS Step Functions: state machines in the Amazon States Language, in JSON and YAML, alone or in templates."""

from __future__ import annotations

from typing import Final

from store.domain.component import DiffRules, Parsed
from store.platforms.step_functions.machine import is_noise, language, wires
from store.platforms.step_functions.reading import MACHINES, document_of, parts_of
from store.platforms.step_functions.watch import outside


class StepFunctions:
    """AWS Step Functions. A component is a state, called `<machine>#<state>`, or the machine that starts it."""

    name: Final = "step-functions"
    rules: Final = DiffRules(is_noise=is_noise, language=language, wires=wires)

    def detect(self, data: bytes, name: str) -> int:
        """Return how much `data` looks like a state machine, or a template that deploys one."""
        if data[:256].lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in {b"[", b"<", b""} or b"\0" in data[:4096]:
            return 0
        if b"StartAt" in data and b"States" in data:
            return 92 if ".asl." in name.lower() else 88
        if any(machine.encode() in data for machine in MACHINES):
            return 85
        return 0

    def parse(self, data: bytes, name: str) -> Parsed:
        """Return the states with the services they call and what a reviewer should see.

        Raises:
            BadInput: no strict JSON or harmless YAML, or no state machine in it.
        """
        document, source = document_of(data)
        parts = parts_of(document, name, source)
        connectors, notices = outside(parts)
        return Parsed(platform=self.name, confidence=95, components=parts, connectors=connectors, notices=notices)
