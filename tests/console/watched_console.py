"""The quarterdeck program, which on SIGUSR1 also writes what Textual would draw now into the file WATCHED."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

from textual._context import visible_screen_stack

import console.app
from console.cli import main
from store.ledger import connection


class Watched(console.app.Console):
    """The console, and what it shows."""

    def on_load(self) -> None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, self.write_down)

    def write_down(self) -> None:
        visible_screen_stack.set(self._background_screens)
        strips = self.screen._compositor.render_strips()
        file = Path(os.environ["WATCHED"])
        file.with_suffix(".new").write_text("\n".join(strip.render(self.console) for strip in strips))
        file.with_suffix(".new").replace(file)


if __name__ == "__main__":
    console.app.Console = Watched
    connection.BUSY_SECONDS = 60.0  # a test that holds the ledger gives it back when it gets some of the processor
    sys.argv[0] = "quarterdeck"
    main()
