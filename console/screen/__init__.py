"""What every screen of the console does alike.

A screen is a `Pane`: one file, one `.tcss`, one line in `console.places.SCREENS`. Panes stand in one `Frame`, which
shows one at a time: switching among mounted panes costs a third of what switching Textual screens does.
"""

from console.screen.frame import Frame
from console.screen.keys import KEYS, act, checked_keymap, look
from console.screen.pane import Pane
from console.screen.place import Place
from console.screen.session import Session

__all__ = ["KEYS", "Frame", "Pane", "Place", "Session", "act", "checked_keymap", "look"]
