"""A web server for import jobs to read from, which notes what it is asked for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Feed:
    """What is answered at one path; `pause` is called after the first half of the body."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    pause: Callable[[], object] | None = None


class FeedServer(ThreadingHTTPServer):
    """Serves `feeds` by path on a port of 127.0.0.1; `asked` are the paths asked for."""

    daemon_threads = True

    def __init__(self, feeds: dict[str, Feed]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.feeds = feeds
        self.asked: list[str] = []
        self.url = f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: FeedServer

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        feed = self.server.feeds.get(self.path, Feed(status=404))
        self.send_response(feed.status)
        for name, value in feed.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(feed.body)))
        self.end_headers()
        half = len(feed.body) // 2
        self.wfile.write(feed.body[:half])
        self.wfile.flush()
        if feed.pause:
            feed.pause()
        self.wfile.write(feed.body[half:])

    def log_message(self, *_: object) -> None:
        """Nothing: tests look at `asked`."""

    def handle(self) -> None:
        try:
            super().handle()
        except ConnectionError:
            self.close_connection = True  # the reader was killed, on purpose


@contextmanager
def served(feeds: dict[str, Feed]) -> Iterator[FeedServer]:
    """The server, as long as the context lasts."""
    with FeedServer(feeds) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
