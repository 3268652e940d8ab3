"""A proxy in front of a relay that knows people by a cookie, as those of single sign-on do."""

import threading
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import requests

_PREFIX = "/waybill"


class Proxy:
    """Serves the relay under a prefix. `people` gives the headers that are set for each session's cookie."""

    def __init__(self, relay_url, token, people):
        proxy = self
        self._relay, self._token, self._people = relay_url, token, people

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                proxy.forward(self)

            def do_POST(self):
                proxy.forward(self)

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.origin = f"http://127.0.0.1:{self._server.server_address[1]}"
        self.url = self.origin + _PREFIX
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def forward(self, asked):
        session = SimpleCookie(asked.headers.get("Cookie", "")).get("session")
        known = self._people.get(session.value) if session else None
        if known is None or not asked.path.startswith(_PREFIX):
            return self._answer(asked, 401, b"sign in first", "text/plain")
        kept = {name: value for name, value in asked.headers.items()
                if name.lower() in ("content-type", "sec-fetch-site", "origin")}
        body = asked.rfile.read(int(asked.headers.get("Content-Length", 0)))
        told = requests.request(asked.command, self._relay + asked.path.removeprefix(_PREFIX), data=body, timeout=30,
                                headers={**kept, **known, "Authorization": f"Bearer {self._token}"})
        return self._answer(asked, told.status_code, told.content, told.headers.get("Content-Type", ""))

    @staticmethod
    def _answer(asked, status, body, kind):
        asked.send_response(status)
        asked.send_header("Content-Type", kind)
        asked.send_header("Content-Length", str(len(body)))
        asked.end_headers()
        asked.wfile.write(body)

    def close(self):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
