"""A console whose terminal goes away ends all the same, however much it still draws."""

from __future__ import annotations

import errno
import os
import pty
import threading
from io import StringIO
from typing import cast

import pytest
from textual.drivers._writer_thread import MAX_QUEUED_WRITES, WriterThread

from console.widgets.lasting import Outlasting


def test_drawing_on_a_terminal_that_is_gone_never_holds_whoever_draws() -> None:
    near, far = pty.openpty()
    with os.fdopen(far, "w", errors="replace") as terminal:
        os.close(near)
        lasting = Outlasting(terminal)
        writer = WriterThread(lasting)
        writer.start()

        def draw() -> None:
            for number in range(3 * MAX_QUEUED_WRITES):
                writer.write(f"picture {number}")
            writer.stop()

        drawing = threading.Thread(target=draw, daemon=True)
        drawing.start()
        drawing.join(60)
        assert not drawing.is_alive()
        assert lasting.gone
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, far)  # what is still buffered has somewhere to go
        os.close(null)


def test_a_terminal_that_is_there_gets_everything_and_other_troubles_are_not_hidden() -> None:
    file = StringIO()
    lasting = Outlasting(file)
    assert lasting.write("drawn") == 5
    lasting.flush()
    assert (file.getvalue(), lasting.gone, lasting.isatty()) == ("drawn", False, False)

    class Full(StringIO):
        def write(self, text: str) -> int:
            raise OSError(errno.ENOSPC, "no space")

    with pytest.raises(OSError, match="no space"):
        Outlasting(cast("StringIO", Full())).write("x")
