"""What ctrl+p finds: the screens, and every act that can be done where one stands."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from textual.command import DiscoveryHit, Hit, Hits, Provider

from console.presentation.text import display
from console.presentation.themes import LOOKS
from console.screen import commands
from console.screen.frame import Frame
from console.widgets.own_keys import cap_in_force, spoken


class Going(Provider):
    """Screens and acts by their words."""

    def _found(self) -> Iterator[tuple[str, str, Callable[[], object]]]:
        frame = self.screen
        if not isinstance(frame, Frame):
            return
        for place in frame.places:
            key, _ = cap_in_force(frame, place.key)
            yield f"{place.title}", f"screen {key}", partial(frame.go_to, place.id)
        for key, active in frame.active_bindings.items():
            kind = (active.binding.id or "").partition(".")[0]
            if active.binding.description and (active.binding.show or kind in {"act", "look"}):
                why = frame.reason_against(active.binding)
                near = frame.pane or frame
                shown = self.app.get_key_display(active.binding)
                words = f"key {shown}" if why is None else "not now: " + _brief(spoken(near, why))
                yield active.binding.description, words, partial(self.app.simulate_key, key)
        for name, (takes, does, _) in commands.COMMANDS.items():
            if not takes:
                yield f":{name}", does, partial(frame.run_command, name)
        for name, words in LOOKS.items():
            yield f"Theme {name}", words, partial(frame.run_command, f"theme {name}")

    async def discover(self) -> Hits:
        for words, help_text, run in self._found():
            yield DiscoveryHit(words, run, help=help_text)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for words, help_text, run in self._found():
            score = matcher.match(words)
            if score > 0:
                yield Hit(score, matcher.highlight(words), run, help=help_text)


def _brief(why: str) -> str:
    return display(" ".join(why.split("\n")), 160)
