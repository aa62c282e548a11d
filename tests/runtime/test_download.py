"""Downloads from a server of the test's own, which breaks off, lies, stalls and refuses."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request

import pytest

from editor.core.errors import ModelError
from editor.runtime.download import HttpsOnly, download

CONTENT = bytes(range(256)) * 4096


@dataclass
class Server:
    """What it does: cuts each answer after `cut` bytes, stalls once, ignores ranges, refuses with `status`."""

    url: str = ""
    content: bytes = CONTENT
    cut: int | None = None
    stalls: int = 0
    ranges: bool = True
    status: int | None = None
    asked: list[str | None] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)


@pytest.fixture
def server() -> Iterator[Server]:
    plan = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            wanted = self.headers["Range"]
            plan.asked.append(wanted)
            if plan.status is not None:
                self.send_error(plan.status)
                return
            start = int(wanted[6:-1]) if wanted and plan.ranges else 0
            self.send_response(206 if start else 200)
            self.send_header("Content-Length", str(len(plan.content) - start))
            self.end_headers()
            if plan.stalls:
                plan.stalls -= 1
                plan.released.wait(60)
                return
            with suppress(ConnectionError):
                self.wfile.write(plan.content[start:][: plan.cut])

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        plan.url = f"http://127.0.0.1:{running.server_address[1]}/net.onnx"
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield plan
        plan.released.set()
        running.shutdown()


def get(server: Server, path: Path, timeout_s: float = 20.0) -> list[float]:
    shares: list[float] = []
    download(server.url, path, len(CONTENT), shares.append, timeout_s)
    return shares


def test_a_whole_file_comes_with_its_progress(server: Server, tmp_path: Path) -> None:
    shares = get(server, tmp_path / "net")
    assert (tmp_path / "net").read_bytes() == CONTENT
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert get(server, tmp_path / "net") == [], "what is whole is not fetched again"


def test_a_cut_connection_goes_on_where_it_broke(server: Server, tmp_path: Path) -> None:
    server.cut = len(CONTENT) // 3 + 1
    get(server, tmp_path / "net")
    assert (tmp_path / "net").read_bytes() == CONTENT
    assert server.asked == [None, f"bytes={server.cut}-", f"bytes={2 * server.cut}-"]


def test_an_interrupted_download_goes_on_in_the_next_session(server: Server, tmp_path: Path) -> None:
    (tmp_path / "net").write_bytes(CONTENT[:1000])
    get(server, tmp_path / "net")
    assert (tmp_path / "net").read_bytes() == CONTENT
    assert server.asked == ["bytes=1000-"]


def test_a_server_without_ranges_starts_over(server: Server, tmp_path: Path) -> None:
    server.ranges = False
    (tmp_path / "net").write_bytes(b"x" * 1000)
    get(server, tmp_path / "net")
    assert (tmp_path / "net").read_bytes() == CONTENT


def test_a_silent_server_is_asked_again(server: Server, tmp_path: Path) -> None:
    server.stalls = 1
    get(server, tmp_path / "net", timeout_s=0.2)
    assert (tmp_path / "net").read_bytes() == CONTENT


def test_a_connection_that_keeps_breaking_is_said_and_keeps_what_came(server: Server, tmp_path: Path) -> None:
    server.cut = 100
    with pytest.raises(ModelError, match="goes on where it stopped"):
        get(server, tmp_path / "net")
    assert (tmp_path / "net").read_bytes() == CONTENT[:400]


def test_a_server_that_is_never_reached_is_said(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        with pytest.raises(ModelError, match=r"127\.0\.0\.1 can't be reached"):
            download(f"http://127.0.0.1:{port}/net.onnx", tmp_path / "net", 1, lambda _share: None)


def test_a_file_that_is_gone_is_said(server: Server, tmp_path: Path) -> None:
    server.status = 404
    with pytest.raises(ModelError, match=r"not to be had \(404\)"):
        get(server, tmp_path / "net")


def test_a_file_that_is_too_large_is_not_read_to_its_end(server: Server, tmp_path: Path) -> None:
    server.content = CONTENT * 8
    with pytest.raises(ModelError, match="larger than it should be"):
        get(server, tmp_path / "net")
    assert (tmp_path / "net").stat().st_size <= len(CONTENT)


def test_a_place_that_cannot_be_written_is_said(server: Server, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="can't be written"):
        get(server, tmp_path / "missing" / "net")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_full_disk_is_said(server: Server) -> None:
    with pytest.raises(ModelError, match="can't be written: No space left"):
        get(server, Path("/dev/full"))


@pytest.mark.parametrize(("target", "followed"), [("https://b.example/x", True), ("http://b.example/x", False)])
def test_no_redirect_leads_away_from_https(target: str, followed: bool) -> None:
    asked = Request("https://a.example/x")
    if followed:
        request = HttpsOnly().redirect_request(asked, None, 302, "Found", Message(), target)
        assert request is not None
        assert request.full_url == target
    else:
        with pytest.raises(HTTPError):
            HttpsOnly().redirect_request(asked, None, 302, "Found", Message(), target)


def test_a_cancel_stops_it(server: Server, tmp_path: Path) -> None:
    def cancel(share: float) -> None:
        if share > 0.1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        download(server.url, tmp_path / "net", len(CONTENT), cancel)
    assert 0 < (tmp_path / "net").stat().st_size < len(CONTENT)
