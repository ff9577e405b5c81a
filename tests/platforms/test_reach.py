"""Ways out: whose certificate counts, how long an answer may take, where a secret may come from."""

from __future__ import annotations

import contextlib
import datetime as dt
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from store.errors import BadInput, PlatformFailure
from store.reach.heard import heard
from store.reach.http import Service, Trust
from store.reach.secret import Secret, secret


class Hello(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.server.asked += 1
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None:
        pass


def certificate(folder: Path, name: str) -> tuple[Path, str]:
    """Make a key and a self-signed certificate for 127.0.0.1; return the file with both and the fingerprint."""
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / f"{name}.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path, made.fingerprint(hashes.SHA256()).hex()


@contextlib.contextmanager
def serving(pem: Path) -> Iterator[tuple[int, HTTPServer]]:
    server = HTTPServer(("127.0.0.1", 0), Hello)
    server.asked = 0
    server.handle_error = lambda *_: None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server.server_address[1], server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def service(port: int, host: str = "127.0.0.1", **trust: object) -> Service:
    return Service(url=f"https://{host}:{port}", name="Hello", trust=Trust(**trust), seconds=5)


def test_a_pinned_certificate_counts_whatever_name_is_in_it(tmp_path: Path) -> None:
    pem, fingerprint = certificate(tmp_path, "own")
    with serving(pem) as (port, _):
        shown = ":".join(fingerprint[i : i + 2] for i in range(0, 64, 2)).upper()
        assert service(port, fingerprint=shown).ask("GET", "x").content == b"{}"


def test_another_certificate_than_the_pinned_one_gets_no_request(tmp_path: Path) -> None:
    _mine, fingerprint = certificate(tmp_path, "mine")
    other, _ = certificate(tmp_path, "other")
    with serving(other) as (port, server):
        with pytest.raises(PlatformFailure, match="another certificate than the pinned one"):
            service(port, fingerprint=fingerprint).ask("GET", "x")
        assert server.asked == 0


def test_a_certificate_exchanged_after_it_was_looked_at_gets_no_request(tmp_path: Path) -> None:
    mine, fingerprint = certificate(tmp_path, "mine")
    other, _ = certificate(tmp_path, "other")
    with serving(mine) as (port, _):
        reached = service(port, fingerprint=fingerprint)
        assert reached.ask("GET", "x").fine
    with serving(other) as (port, server):
        reached.url = f"https://127.0.0.1:{port}"
        with pytest.raises(PlatformFailure, match="cannot be reached"):
            reached.ask("GET", "x")
        assert server.asked == 0


def test_a_private_authority_counts_and_the_name_must_fit(tmp_path: Path) -> None:
    pem, _ = certificate(tmp_path, "authority")
    with serving(pem) as (port, _):
        assert service(port, "localhost", ca_file=pem).ask("GET", "x").fine
        with pytest.raises(PlatformFailure, match="cannot be reached"):
            service(port, ca_file=pem).ask("GET", "x")
        with pytest.raises(PlatformFailure, match="cannot be reached"):
            service(port, "localhost").ask("GET", "x")


def test_trust_that_cannot_be_kept_is_bad_input() -> None:
    with pytest.raises(BadInput, match="64 hex digits"):
        Trust(fingerprint="aa:bb")
    with pytest.raises(BadInput, match="not both"):
        Trust(fingerprint="a" * 64, ca_file=Path("ca.pem"))
    with pytest.raises(BadInput, match="write https"):
        Service(url="http://127.0.0.1", name="Hello", trust=Trust(fingerprint="a" * 64))


def test_an_answer_that_trickles_is_given_up_in_time() -> None:
    stop = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def trickle() -> None:
            connection, _ = listening.accept()
            with connection, contextlib.suppress(OSError):
                connection.recv(1000)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
                while not stop.wait(0.05):
                    connection.sendall(b"x")

        thread = threading.Thread(target=trickle, daemon=True)
        thread.start()
        began = time.monotonic()
        slow = Service(url=f"http://127.0.0.1:{listening.getsockname()[1]}", name="Trickle", seconds=0.3)
        with pytest.raises(PlatformFailure, match=r"did not answer within 0\.3 s"):
            slow.ask("GET", "x")
        assert time.monotonic() - began < 30, "a byte every 0.05 s makes 50 s"
        stop.set()
        thread.join()


@contextlib.contextmanager
def answering(answer: bytes) -> Iterator[str]:
    """Serve one request with these very bytes."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            with connection, contextlib.suppress(OSError):
                connection.recv(65536)
                connection.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        thread.join()


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"HTTP/1.1 500 err %s\r\nContent-Length: 0\r\n\r\n", "answered 500 Internal Server Error"),
        (b"HTTP/1.1 599 %s\r\nContent-Length: 0\r\n\r\n", "answered 599"),
        (b"HTTP/1.1 OK %s\r\n\r\n", "cannot be reached"),
        (b'HTTP/1.1 200 OK\r\n\r\n{"%s":1, "a":1, "a":2}', "answered with something else"),
        (b'HTTP/1.1 200 OK\r\n\r\n{"%s":1,"%s":2}', "answered with something else"),
    ],
)
def test_nothing_that_the_other_side_words_brings_a_secret_along(answer: bytes, said: str) -> None:
    token = b"ghp_" + b"sDiuQ7xLm2Vt9Ka4Rb8Wn3Zc6Yp1Hf5Je0Tg"
    with answering(answer.replace(b"%s", token)) as url:
        asked = Service(url=url, name="Node-RED", seconds=30)
        with pytest.raises(PlatformFailure, match=said) as failure:
            asked.json(asked.ask("GET", "flows"))
    assert token.decode() not in str(failure.value)
    assert token.decode()[:20] not in str(failure.value)


def test_what_is_heard_is_short_and_without_what_was_handed_over() -> None:
    key = "-----BEGIN-----\nq8Zr 51\n-----END-----"
    assert "q8Zr" not in heard("bad key: q8Zr 51", handed=[key])
    assert heard("a on b", handed=["on", "", "\n"]) == "a on b", "what is so short stands everywhere"
    assert (
        heard("correct horse battery", handed=["horse battery", "correct horse battery"]) == "[redacted: handed over]"
    )
    assert len(heard("x " * 1_000_000)) == 300


def test_a_secret_comes_from_a_variable_or_a_closed_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_SECRET", "of the environment")
    assert Secret(what="key", variable="A_SECRET").read() == "of the environment"
    path = tmp_path / "key"
    path.write_text("of the file\n")
    path.chmod(0o600)
    found = secret("key", variable=None, file=path)
    assert found is not None
    assert found.read() == "of the file"
    assert "of the file" not in repr(found)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o666])
def test_a_file_that_others_can_read_is_refused_with_the_remedy(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "key"
    path.write_text("secret")
    path.chmod(mode)
    with pytest.raises(PlatformFailure, match="chmod 600") as refused:
        Secret(what="key", file=path).read()
    assert "secret there" in str(refused.value)


def test_a_secret_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "empty").touch(0o600)
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    (tmp_path / "lines").write_text("a\nb")
    for path in (tmp_path / "empty", tmp_path / "binary", tmp_path / "lines", tmp_path / "none", tmp_path):
        with contextlib.suppress(FileNotFoundError):
            path.chmod(0o700 if path.is_dir() else 0o600)
        with pytest.raises(PlatformFailure):
            Secret(what="key", file=path).read()
