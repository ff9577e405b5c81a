"""A real OpenSSH server on 127.0.0.1, with a configuration, a host key and an authorized key of its own."""

from __future__ import annotations

import getpass
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from .ports import free_port

SSHD = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


@dataclass(frozen=True)
class SshServer:
    """Where it listens, and how to get in."""

    port: int
    folder: Path

    def command(self, *options: str) -> list[str]:
        """Return the ssh command that gets in, up to what is to be run there."""
        settled = {
            "UserKnownHostsFile": str(self.folder / "known_hosts"),
            "StrictHostKeyChecking": "yes",
            "IdentitiesOnly": "yes",
            "IdentityFile": str(self.folder / "login"),
            "BatchMode": "yes",
            "ConnectTimeout": "10",
        }
        given = [part for name, value in settled.items() for part in ("-o", f"{name}={value}")]
        who = f"{getpass.getuser()}@127.0.0.1"
        return ["ssh", "-F", "none", *given, "-p", str(self.port), *options, who]


@contextmanager
def ssh_server(folder: Path) -> Iterator[SshServer]:
    """Start sshd on a free port; skip where it is not installed or will not let this user in."""
    if SSHD is None:
        pytest.skip("sshd is not installed (tests/tools.sh installs openssh-server)")
    folder.mkdir(mode=0o700)
    for name in ("host", "login"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name], check=True)
    (folder / "authorized").write_bytes((folder / "login.pub").read_bytes())
    port = free_port()
    (folder / "known_hosts").write_text(f"[127.0.0.1]:{port} {(folder / 'host.pub').read_text()}")
    (folder / "sshd_config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {folder / 'host'}\nPidFile none\nUsePAM no\n"
        f"AuthorizedKeysFile {folder / 'authorized'}\nStrictModes no\nPasswordAuthentication no\n"
        "KbdInteractiveAuthentication no\nPermitRootLogin prohibit-password\nAllowAgentForwarding yes\n"
        "Subsystem sftp internal-sftp\n"
    )
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # where sshd locks itself in before anybody is known
    with (folder / "log").open("wb") as log:
        child = subprocess.Popen([SSHD, "-D", "-e", "-f", folder / "sshd_config"], stderr=log, stdout=log)
    server = SshServer(port, folder)
    try:
        _wait_for(server, child)
        yield server
    finally:
        child.terminate()
        child.wait(60)


def _wait_for(server: SshServer, child: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    last = b""
    while child.poll() is None and time.monotonic() < deadline:
        done = subprocess.run([*server.command(), "true"], capture_output=True, check=False)
        if done.returncode == 0:
            return
        last = done.stderr
        time.sleep(0.1)
    log = (server.folder / "log").read_text(errors="replace")
    pytest.skip(f"this user cannot log in to an sshd here: {last.decode(errors='replace')[-200:]} {log[-300:]}")
