"""`make screenshots`: draws the console's screens on the demo workspace, by the app itself; PNG where Chromium is."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from console.app import Console
from console.places import SCREENS
from console.screen.desk import Desk
from store.demo import build
from store.demo.weeks import StoryClock
from store.integrity.signer import KeyFileSigner
from store.services.identity import people
from store.workspace import open_workspace

HERE = Path(__file__).parent
SIZES = {"": (140, 45), "-narrow": (80, 24)}


async def draw(folder: Path) -> None:
    """Draw every screen once in each size."""
    space = open_workspace(folder, clock=StoryClock(datetime(2026, 11, 23, 14, 2, tzinfo=UTC)))
    actor = people.identify(space.context, KeyFileSigner(folder / "demo-keys" / build.YOU))
    for suffix, size in SIZES.items():
        app = Console(Desk(space.context, actor), palette="truecolor")
        async with app.run_test(size=size) as pilot:
            for place in SCREENS:
                await pilot.press(place.key)
                for _ in range(20):
                    await pilot.pause(0.1)
                svg = app.export_screenshot(title=f"quarterdeck: {place.title}")
                (HERE / f"{place.id}{suffix}.svg").write_text(svg, encoding="utf-8")
    space.close()


def photograph() -> None:
    """Turn every SVG into a PNG beside it, as Chromium sees it."""
    chromium = shutil.which("chromium")
    if chromium is None:
        print("chromium is not installed: the PNG pictures stay as they are", file=sys.stderr)
        return
    for picture in sorted(HERE.glob("*.svg")):
        size = "1000,640" if picture.stem.endswith("-narrow") else "1730,1150"
        flags = ["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--window-size={size}"]
        target = picture.with_suffix(".png")
        subprocess.run([chromium, *flags, f"--screenshot={target}", picture.as_uri()], check=True, capture_output=True)


def main() -> int:
    """Build the demo in a temporary folder and draw."""
    with tempfile.TemporaryDirectory(prefix="quarterdeck-pictures-") as folder:
        os.environ["XDG_STATE_HOME"] = f"{folder}/state"
        os.environ["TEXTUAL_ANIMATIONS"] = "none"
        demo = Path(folder) / "demo"
        now = datetime(2026, 11, 23, 14, 2, tzinfo=UTC)
        build.make(demo, progress=lambda _: None, now=now, origin="quarterdeck.local/demo", seed="pictures")
        asyncio.run(draw(demo))
    photograph()
    return 0


if __name__ == "__main__":
    sys.exit(main())
