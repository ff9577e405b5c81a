"""`quarterdeck serve` as browsers and strangers meet it: a real server, a real Chromium."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest
from support.chromium import PROGRAM, Page, chromium

pytestmark = pytest.mark.xdist_group("serve")


@dataclass(frozen=True)
class Served:
    process: subprocess.Popen[bytes]
    address: str

    @property
    def origin(self) -> str:
        return self.address.partition("/?")[0]

    def consoles(self) -> list[int]:
        found = subprocess.run(["pgrep", "-P", str(self.process.pid)], capture_output=True, text=True, check=False)
        return [int(number) for number in found.stdout.split()]


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from store.demo.build import make

    root = tmp_path_factory.mktemp("served") / "ws"
    make(root, progress=lambda line: None)
    return root


@contextlib.contextmanager
def serving(workspace: Path, *options: str) -> Iterator[Served]:
    program = [sys.executable, "-m", "console.cli", "-w", str(workspace), "serve", "--json", *options]
    environment = {key: value for key, value in os.environ.items() if key != "SSH_AUTH_SOCK"}
    with subprocess.Popen(program, stdout=subprocess.PIPE, env=environment) as process:
        assert process.stdout is not None
        said = b""
        while not said.endswith(b"}\n"):
            said += process.stdout.readline() or pytest.fail("serve ended before it said its address")
        try:
            yield Served(process, json.loads(said)["address"])
        finally:
            process.terminate()


@pytest.fixture
def served(workspace: Path) -> Iterator[Served]:
    with serving(workspace) as server:
        yield server


@pytest.fixture
async def inside(served: Served) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        async with session.get(served.address) as answer:
            assert answer.status == 200
        yield session


async def test_nobody_comes_in_without_the_token_and_it_works_once(served: Served) -> None:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as stranger:
        for path in ("/", "/?token=wrong", "/page.css", "/static/js/textual.js", "/ws"):
            async with stranger.get(served.origin + path) as answer:
                assert answer.status == 403, path
        jar = aiohttp.CookieJar(unsafe=True)
        async with aiohttp.ClientSession(cookie_jar=jar) as first, first.get(served.address) as answer:
            assert answer.status == 200
            assert "token" not in str(answer.url)
            assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        async with stranger.get(served.address) as answer:
            assert answer.status == 403


@pytest.mark.parametrize("origin", ["http://evil.example", "null", None])
async def test_a_foreign_origin_gets_no_console_even_with_the_cookie(
    served: Served, inside: aiohttp.ClientSession, origin: str | None
) -> None:
    with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
        await inside.ws_connect(f"{served.origin}/ws", headers={"Origin": origin} if origin else {})
    assert served.consoles() == []


async def test_a_rebound_name_is_turned_away(served: Served, inside: aiohttp.ClientSession) -> None:
    async with inside.get(served.origin, headers={"Host": "evil.example"}) as answer:
        assert answer.status == 403


async def test_a_closed_page_and_a_killed_server_leave_no_console_behind(
    served: Served, inside: aiohttp.ClientSession
) -> None:
    async with inside.ws_connect(f"{served.origin}/ws", headers={"Origin": served.origin}) as socket:
        assert await socket.receive(timeout=60)
        first = served.consoles()
        assert len(first) == 1
    await gone(first)
    async with inside.ws_connect(f"{served.origin}/ws", headers={"Origin": served.origin}) as socket:
        assert await socket.receive(timeout=60)
        second = served.consoles()
        served.process.send_signal(signal.SIGKILL)
        await gone(second)


async def gone(processes: list[int]) -> None:
    async with asyncio.timeout(60):
        while any(Path(f"/proc/{number}").exists() for number in processes):
            await asyncio.sleep(0.05)


@pytest.mark.skipif(PROGRAM is None, reason="chromium is not installed (tests/tools.sh installs it)")
async def test_chromium_shows_the_console_read_only_and_a_foreign_page_cannot_reach_it(
    served: Served, tmp_path: Path
) -> None:
    async with chromium() as page:
        await page.call("Page.navigate", url=served.address)
        await page.until("document.body && document.body.className.includes('-first-byte')")
        assert await page.value("location.href") == f"{served.origin}/"
        before = await settled(page)
        await page.value("document.querySelector('textarea').focus()")
        await page.press("6")
        after = await settled(page, other_than=before)
        (tmp_path / "served.png").write_bytes(after)
        assert len(after) > 20_000, "an empty page packs into a few thousand bytes"
        await page.call("Page.navigate", url="data:text/html,<title>evil</title>")
        reached = await page.value(
            f"new Promise(done => {{ const s = new WebSocket('{served.origin.replace('http', 'ws')}/ws');"
            " s.onopen = () => done('open'); s.onerror = () => done('refused'); })"
        )
        assert reached == "refused"


async def settled(page: Page, *, other_than: bytes = b"") -> bytes:
    """Return the picture once two in a row are the same."""
    last = b""
    async with asyncio.timeout(60):
        while True:
            now = await page.picture()
            if now == last and now != other_than:
                return now
            last = now
            await asyncio.sleep(0.3)


def test_a_stranger_s_key_and_a_taken_port_are_told_before_anything_is_served(workspace: Path, tmp_path: Path) -> None:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / "key")], check=True)
    program = [sys.executable, "-m", "console.cli", "-w", str(workspace), "serve"]
    stranger = subprocess.run([*program, "--key", str(tmp_path / "key")], capture_output=True, text=True, check=False)
    assert (stranger.returncode, "belongs to no principal" in stranger.stderr) == (1, True)
    with serving(workspace) as first:
        port = first.origin.rpartition(":")[2]
        second = subprocess.run([*program, "--port", port], capture_output=True, text=True, check=False)
    assert second.returncode == 2
    assert "cannot be listened on" in second.stderr
