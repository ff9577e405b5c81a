"""What ctrl+p finds: the screens, and every act that can be done where one stands."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from textual.command import DiscoveryHit, Hit, Hits, Provider

from console.screen.frame import Frame


class Going(Provider):
    """Screens and acts by their words."""

    def _found(self) -> Iterator[tuple[str, str, Callable[[], object]]]:
        frame = self.screen
        if not isinstance(frame, Frame):
            return
        for place in frame.places:
            yield f"{place.title}", f"screen {place.key}", partial(frame.go_to, place.id)
        for key, active in frame.active_bindings.items():
            if active.binding.show and not frame.blocked(active.binding):
                yield active.binding.description, f"key {key}", partial(self.app.simulate_key, key)

    async def discover(self) -> Hits:
        for words, help_text, run in self._found():
            yield DiscoveryHit(words, run, help=help_text)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for words, help_text, run in self._found():
            score = matcher.match(words)
            if score > 0:
                yield Hit(score, matcher.highlight(words), run, help=help_text)
