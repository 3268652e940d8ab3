"""A private RabbitMQ node."""

import base64
import json
import secrets
import signal
import socket
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

from .leftovers import end_marked
from .ports import accepts, free_port
from .service import Service

_GREETING = b"AMQP\x00\x00\x09\x01"


def _scripts():
    folder = Path("/usr/lib/rabbitmq/bin")
    if not (folder / "rabbitmq-server").exists():
        raise RuntimeError("RabbitMQ is not installed: run `make setup`")
    return folder


class RabbitMQ(Service):
    """One node with its own name, cookie, epmd and ports, on loopback only; the management plugin is on."""

    user = password = "guest"

    def __init__(self, directory=None, name="rabbitmq", settings=None):
        super().__init__(name, directory)
        self.port, self.management_port, self._distribution, self._epmd_port = (free_port() for _ in range(4))
        self.node = f"waybill-{secrets.token_hex(4)}@localhost"
        self.settings = dict(settings or {})
        self.scripts = _scripts()
        self._epmd = None

    def start(self):
        if not (self.directory / "rabbitmq.conf").exists():
            self._configure()
        if self._epmd is None or self._epmd.poll() is not None:
            self._epmd = self.spawn(["epmd", "-port", self._epmd_port, "-address", "127.0.0.1"], self._environment())
            self.process = self._epmd
            self.wait_ready(lambda: accepts(self._epmd_port))
        self.process = self.spawn([self.scripts / "rabbitmq-server"], self._environment())
        self.wait_ready(self._greets, 120)
        return self

    def stop(self):
        """SIGTERM: the node closes connections and queues in order."""
        self.end(signal.SIGTERM, 60)
        self._end_epmd()

    def kill(self):
        """SIGKILL to the node at once; start() recovers what its queues had on disk."""
        self.end(signal.SIGKILL)
        self._end_epmd()
        end_marked(self.directory)

    def discard(self):
        self.kill()

    def restart(self):
        self.stop()
        return self.start()

    def url(self, port=None, user=None, password=None, vhost=None):
        path = "" if vhost is None else "/" + urllib.parse.quote(vhost, safe="")
        return f"amqp://{user or self.user}:{password or self.password}@127.0.0.1:{port or self.port}{path}"

    def management_url(self):
        return f"http://{self.user}:{self.password}@127.0.0.1:{self.management_port}"

    def control(self, *arguments):
        """Runs rabbitmqctl against the node."""
        return self.run([self.scripts / "rabbitmqctl", "-n", self.node, *arguments], self._environment())

    def api(self, path, method="GET", body=None):
        """One call of the management API, for example api("queues/%2F/orders"). None when it answers 404."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.management_port}/api/{path}", method=method,
                                         data=None if body is None else json.dumps(body).encode())
        token = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        request.add_header("Authorization", f"Basic {token}")
        request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                text = answer.read()
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return None
            raise
        return json.loads(text) if text else {}

    def _end_epmd(self):
        if self._epmd is not None:
            self._epmd.kill()
            self._epmd.wait()
            self._epmd = None

    def _configure(self):
        (self.directory / "home").mkdir()
        cookie = self.directory / "home" / ".erlang.cookie"
        cookie.write_text(secrets.token_hex(16))
        cookie.chmod(0o400)
        (self.directory / "enabled_plugins").write_text("[rabbitmq_management].\n")
        settings = {"listeners.tcp.1": f"127.0.0.1:{self.port}", "management.tcp.ip": "127.0.0.1",
                    "management.tcp.port": self.management_port, "log.console": "false", "log.file.level": "info",
                    "vm_memory_high_watermark.absolute": "1GB", "disk_free_limit.absolute": "20MB",
                    "collect_statistics_interval": 2000, **self.settings}
        (self.directory / "rabbitmq.conf").write_text("".join(f"{key} = {value}\n" for key, value in settings.items()))

    def _environment(self):
        # RUNNING_UNDER_SYSTEMD makes the start script become the node itself, so that its id is the one we know.
        here = self.directory
        return {"HOME": str(here / "home"), "RABBITMQ_NODENAME": self.node, "RABBITMQ_NODE_PORT": str(self.port),
                "RABBITMQ_DIST_PORT": str(self._distribution), "ERL_EPMD_PORT": str(self._epmd_port),
                "ERL_EPMD_ADDRESS": "127.0.0.1", "RABBITMQ_MNESIA_BASE": str(here / "mnesia"),
                "RABBITMQ_LOG_BASE": str(here / "log"), "RABBITMQ_CONF_ENV_FILE": "/dev/null",
                "RABBITMQ_CONFIG_FILE": str(here / "rabbitmq"), "RABBITMQ_ADVANCED_CONFIG_FILE": str(here / "advanced"),
                "RABBITMQ_GENERATED_CONFIG_DIR": str(here / "generated"), "RABBITMQ_SCHEMA_DIR": str(here / "schema"),
                "RABBITMQ_ENABLED_PLUGINS_FILE": str(here / "enabled_plugins"),
                "RABBITMQ_PID_FILE": str(here / "pid"), "RABBITMQ_FEATURE_FLAGS_FILE": str(here / "feature_flags"),
                "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
                "RUNNING_UNDER_SYSTEMD": "1", "LANG": "C.UTF-8"}

    def _greets(self):
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=2) as connection:
                connection.sendall(_GREETING)
                return connection.recv(1) == b"\x01"
        except OSError:
            return False
