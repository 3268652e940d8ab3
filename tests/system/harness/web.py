"""What a relay answers, as a program or a person asks for it."""

import re
import socket
import ssl

import requests


class Web:
    """The server of one relay. Each request says who asks by a token, or nobody."""

    def __init__(self, relay, ca=None):
        relay.wait_logged(" answers")
        scheme, self.port = re.findall(r"(https?)://127\.0\.0\.1:(\d+) answers", relay.text())[-1]
        self.port = int(self.port)
        self.url = f"{scheme}://127.0.0.1:{self.port}"
        self.ca = str(ca) if ca else None

    def get(self, path, token=None, headers=None, method="GET", **more):
        """The answer, whatever its status."""
        known = {"Authorization": f"Bearer {token}"} if token else {}
        return requests.request(method, self.url + path, headers={**known, **(headers or {})}, timeout=30,
                                verify=self.ca or True, **more)

    def json(self, path, token=None):
        answer = self.get(path, token)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def ready(self):
        """Whether /readyz says so; False while it can't be asked."""
        try:
            return self.get("/readyz").status_code == 200
        except requests.ConnectionError:
            return False

    def metrics(self, token=None):
        """The figures by `name{labels}`, as they are written."""
        answer = self.get("/metrics", token)
        assert answer.status_code == 200, answer.text
        lines = (line.rsplit(" ", 1) for line in answer.text.splitlines() if line and not line.startswith("#"))
        return {name: float(value) for name, value in lines}

    def connect(self):
        """A bare connection, for what no client library sends."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=30)

    def handshake(self, version):
        """A TLS connection with this version at most, which is what the test is about."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(self.ca)
        context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        context.maximum_version = version
        context.set_ciphers("ALL:@SECLEVEL=0")
        with self.connect() as plain, context.wrap_socket(plain, server_hostname="127.0.0.1") as secure:
            return secure.version()
