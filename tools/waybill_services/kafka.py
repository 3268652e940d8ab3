"""A private Kafka broker, its own controller."""

import base64
import secrets
import signal
import socket
import struct
import uuid

from .certificate import make_certificate
from .java import java
from .ports import free_port
from .service import Service

_API_VERSIONS = 18


class Kafka(Service):
    """One broker on loopback that makes no topic by itself, and flushes each batch before it confirms.

    `gates` listeners say that they are at another port, where a gate of the test listens: what the broker tells a
    client about itself can't be steered otherwise. Another listener takes only TLS with a password.
    """

    user = "waybill"

    def __init__(self, directory=None, name="kafka", gates=2, settings=None):
        super().__init__(name, directory)
        self.port, self.secure_port, self.controller = (free_port() for _ in range(3))
        self.gates = [(free_port(), free_port()) for _ in range(gates)]  # (where it listens, where it says it is)
        self.cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        self.password = secrets.token_hex(8)
        self.settings = dict(settings or {})
        self.certificate = self.directory / "server.pem"
        self._file = self.directory / "server.properties"

    def start(self):
        if not self._file.exists():
            self._configure()
        self.process = self.spawn(self._java("-Xms96m", "-Xmx256m", "kafka.Kafka", self._file))
        self.wait_ready(self._answers, 120)
        return self

    def stop(self):
        self.end(signal.SIGTERM, 60)

    def discard(self):
        self.kill()

    def url(self, port=None):
        return f"kafka://127.0.0.1:{port or self.port}"

    def secure_url(self):
        return f"kafkas://{self.user}:{self.password}@127.0.0.1:{self.secure_port}"

    def gate_list(self):
        """`listens:says,...`, for the C++ tests."""
        return ",".join(f"{listens}:{says}" for listens, says in self.gates)

    def _configure(self):
        certificate, key = make_certificate(self.directory)
        (self.directory / "keystore.pem").write_text(key.read_text() + certificate.read_text())
        self._file.write_text("".join(f"{name}={value}\n" for name, value in self._all_settings().items()))
        self.run(self._java("-Xmx64m", "kafka.tools.StorageTool", "format", f"--cluster-id={self.cluster}", "-c", self._file))

    def listeners(self):
        """Where it listens, by name."""
        gates = {f"GATE{number}": port for number, (port, _) in enumerate(self.gates)}
        return {"CLIENT": self.port, "SECURE": self.secure_port, "CONTROLLER": self.controller, **gates}

    def _all_settings(self):
        listens = self.listeners()
        says = {name: port for name, port in listens.items() if name != "CONTROLLER"}
        says.update({f"GATE{number}": said for number, (_, said) in enumerate(self.gates)})
        protocols = {name: "SASL_SSL" if name == "SECURE" else "PLAINTEXT" for name in (*listens, "CONTROLLER")}
        login = "org.apache.kafka.common.security.plain.PlainLoginModule"
        return {
            "process.roles": "broker,controller", "node.id": 1,
            "controller.quorum.voters": f"1@127.0.0.1:{self.controller}",
            "listeners": ",".join(f"{name}://127.0.0.1:{port}" for name, port in listens.items()),
            "advertised.listeners": ",".join(f"{name}://127.0.0.1:{port}" for name, port in says.items()),
            "listener.security.protocol.map": ",".join(f"{name}:{kind}" for name, kind in protocols.items()),
            "inter.broker.listener.name": "CLIENT", "controller.listener.names": "CONTROLLER",
            "listener.name.secure.sasl.enabled.mechanisms": "PLAIN",
            "listener.name.secure.plain.sasl.jaas.config": f'{login} required user_{self.user}="{self.password}";',
            "listener.name.secure.ssl.keystore.type": "PEM",
            "listener.name.secure.ssl.keystore.location": self.directory / "keystore.pem",
            "log.dirs": self.directory / "data", "auto.create.topics.enable": "false",
            # A confirmed message is on the disk: acks=all alone means the page cache of one broker here.
            "log.flush.interval.messages": 1,
            "offsets.topic.replication.factor": 1, "offsets.topic.num.partitions": 4,
            "transaction.state.log.replication.factor": 1, "transaction.state.log.min.isr": 1,
            "transaction.state.log.num.partitions": 4, "group.initial.rebalance.delay.ms": 0,
            "num.network.threads": 2, "num.io.threads": 2, "log.cleaner.dedupe.buffer.size": 4194304,
            "broker.heartbeat.interval.ms": 500, "broker.session.timeout.ms": 2000, **self.settings}

    def _java(self, *words):
        return java("kafka", self.directory, "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", *words)

    def _answers(self):
        """Whether it answers the request that every client begins with."""
        request = struct.pack(">hhih", _API_VERSIONS, 0, 1, -1)
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=2) as connection:
                connection.sendall(struct.pack(">i", len(request)) + request)
                return len(connection.recv(8)) == 8
        except OSError:
            return False
