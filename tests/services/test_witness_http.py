from __future__ import annotations

import http.client
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.made_log import MadeLog

from store.errors import BadInput, StorageFailure
from store.integrity.witness_request import MAX_REQUEST
from store.services.witness import witness_http, witnessing
from store.services.witness.memory import name_of
from store.services.witness.witness_http import WitnessServer, parse_address

LOG = MadeLog()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[WitnessServer]:
    witness = witnessing.create(tmp_path / "witness", name="witness.example/w", log_keys=[LOG.vkey])
    lines: list[str] = []
    with WitnessServer(witness, ("127.0.0.1", 0), lines.append, lines.append) as served:
        thread = threading.Thread(target=served.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield served
        served.shutdown()
        thread.join()


def send(server: WitnessServer, method: str, path: str, body: bytes | None = None, **headers: str):
    connection = http.client.HTTPConnection(*server.server_address[:2], timeout=60)
    try:
        connection.request(method, path, body=body, headers=headers)
        response = connection.getresponse()
        return response.status, response.getheader("Content-Type"), response.read()
    finally:
        connection.close()


def test_the_statuses_are_those_of_the_specification(server: WitnessServer) -> None:
    status, kind, body = send(server, "POST", "/add-checkpoint", LOG.request(0, 8))
    assert (status, kind) == (200, "text/plain; charset=utf-8")
    assert body.startswith("— witness.example/w ".encode())
    assert body.endswith(b"\n")
    assert send(server, "POST", "/add-checkpoint", LOG.request(0, 13))[:3] == (409, "text/x.tlog.size", b"8\n")
    assert send(server, "POST", "/any/prefix/add-checkpoint", LOG.request(8, 13))[0] == 200
    assert send(server, "POST", "/add-checkpoint", LOG.request(13, 20, proof_from=8))[0] == 422
    assert send(server, "POST", "/add-checkpoint", LOG.request(21, 20))[0] == 400
    assert send(server, "POST", "/add-checkpoint", b"hello")[0] == 400
    assert send(server, "POST", "/add-checkpoint", MadeLog(seed=bytes(32)).request(0, 3))[0] == 403
    assert send(server, "POST", "/add-checkpoint", MadeLog(origin="x.example").request(0, 3))[0] == 404


def test_the_remembered_checkpoint_is_served_to_monitors(server: WitnessServer) -> None:
    path = f"/{name_of(LOG.origin)}/checkpoint"
    assert send(server, "GET", path)[0] == 404
    send(server, "POST", "/add-checkpoint", LOG.request(0, 8))
    status, _, body = send(server, "GET", path)
    assert status == 200
    assert body.startswith(LOG.note(8))
    for other in (
        "/",
        "/checkpoint",
        "/../name/checkpoint",
        f"{path}/x",
        f"/{'A' * 64}/checkpoint",
        "/logs/checkpoint",
    ):
        assert send(server, "GET", other)[0] == 404


def test_other_methods_and_addresses_get_nothing(server: WitnessServer) -> None:
    assert send(server, "POST", "/", b"x")[0] == 404
    assert send(server, "PUT", "/add-checkpoint", b"x")[0] == 501
    assert send(server, "POST", "/add-checkpoint", None)[0] in {400, 411}


def test_a_long_or_endless_body_is_refused_before_it_is_read(server: WitnessServer) -> None:
    with socket.create_connection(server.server_address[:2], timeout=60) as raw:
        raw.sendall(f"POST /add-checkpoint HTTP/1.1\r\nHost: x\r\nContent-Length: {MAX_REQUEST + 1}\r\n\r\n".encode())
        assert raw.recv(100).startswith(b"HTTP/1.1 413")
    for header in ("Content-Length: 9999999999999999999999", "Content-Length: -1", "Transfer-Encoding: chunked"):
        with socket.create_connection(server.server_address[:2], timeout=60) as raw:
            raw.sendall(f"POST /add-checkpoint HTTP/1.1\r\nHost: x\r\n{header}\r\n\r\n".encode())
            assert raw.recv(100).startswith((b"HTTP/1.1 411", b"HTTP/1.1 413"))


def test_a_client_that_says_nothing_is_left(server: WitnessServer, monkeypatch) -> None:
    monkeypatch.setattr(witness_http._Handler, "timeout", 0.3)
    with socket.create_connection(server.server_address[:2], timeout=60) as raw:
        raw.sendall(b"POST /add-checkpoint HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nold")
        assert not raw.recv(100).startswith(b"HTTP/1.1 200")
    monkeypatch.undo()
    assert send(server, "POST", "/add-checkpoint", LOG.request(0, 3))[0] == 200


def test_who_sends_a_byte_now_and_then_holds_a_place_no_longer_than_who_says_nothing(
    server: WitnessServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(witness_http._Handler, "timeout", 1.0)
    with socket.create_connection(server.server_address[:2], timeout=0.2) as raw:
        raw.sendall(b"POST /add-checkpoint HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n")
        for _ in range(300):  # each byte comes well before a second of silence: a minute in all
            try:
                raw.sendall(b"o")
                left = raw.recv(1) == b""
            except TimeoutError:
                continue
            except OSError:
                left = True
            break
        else:
            left = False
    assert left


@pytest.mark.parametrize(
    "head",
    [
        "POST /elsewhere HTTP/1.1\r\nContent-Length: {length}",
        "GET /checkpoint HTTP/1.1\r\nContent-Length: {length}",
        "GET /checkpoint HTTP/1.1\r\nTransfer-Encoding: chunked",
        "POST /add-checkpoint HTTP/1.1\r\nContent-Length: 0\r\nContent-Length: {length}",
        "POST /add-checkpoint HTTP/1.1\r\nContent-Length: 0\r\nno colon\r\nTransfer-Encoding: chunked",
    ],
)
def test_what_one_request_brings_along_is_never_taken_for_the_next(server: WitnessServer, head: str) -> None:
    body = LOG.request(0, 8)
    hidden = b"POST /add-checkpoint HTTP/1.1\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
    with socket.create_connection(server.server_address[:2], timeout=5) as raw:
        raw.sendall(head.format(length=len(hidden)).encode() + b"\r\n\r\n" + hidden)
        answers = b""
        try:
            while some := raw.recv(1000):
                answers += some
        except ConnectionError:
            pass  # what it did not read it threw away
    assert b" 200 " not in answers
    assert send(server, "GET", f"/{name_of(LOG.origin)}/checkpoint")[0] == 404


def test_too_many_connections_are_closed_and_the_others_served(server: WitnessServer) -> None:
    crowd = [socket.create_connection(server.server_address[:2], timeout=60) for _ in range(60)]
    for raw in crowd:
        raw.close()
    until = time.monotonic() + 60
    while True:
        try:
            assert send(server, "POST", "/add-checkpoint", LOG.request(0, 3))[0] in {200, 409}
        except (OSError, http.client.HTTPException):
            assert time.monotonic() < until, "nobody was served any more"
            time.sleep(0.01)
            continue
        break


def test_twenty_at_once_leave_one_history(server: WitnessServer) -> None:
    forks = [MadeLog(salt=b"%d" % n) for n in range(20)]
    statuses: list[int] = []
    threads = [
        threading.Thread(
            target=lambda log=log: statuses.append(send(server, "POST", "/add-checkpoint", log.request(0, 9))[0])
        )
        for log in forks
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200, *[409] * 19]


def test_a_witness_that_cannot_remember_does_not_cosign(server: WitnessServer, monkeypatch) -> None:
    def full(*_args: object, **_kwargs: object) -> None:
        raise StorageFailure("the disk is full")

    monkeypatch.setattr("store.ledger.heads.HeadStore.write", full)
    status, _, body = send(server, "POST", "/add-checkpoint", LOG.request(0, 3))
    assert (status, b"\xe2\x80\x94" in body) == (500, False)


@pytest.mark.parametrize("text", ["", "8731", ":8731", "host:", "host:x", "host:70000", "host:٣"])
def test_what_is_no_address_is_named(text: str) -> None:
    with pytest.raises(BadInput, match="is no address"):
        parse_address(text)


def test_addresses_of_both_kinds_are_read(server: WitnessServer) -> None:
    assert parse_address("127.0.0.1:0") == ("127.0.0.1", 0)
    assert parse_address("[::1]:8731") == ("::1", 8731)
    assert server.url.startswith("http://127.0.0.1:")
    with pytest.raises(StorageFailure, match="cannot listen"):
        WitnessServer(server.witness, server.server_address[:2], print, print)
