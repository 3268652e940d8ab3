"""A private RocketMQ: a name server, and a proxy with the broker in it."""

import json
import signal

from . import rocketmq_admin
from .certificate import make_certificate
from .java import java
from .ports import accepts, free_port
from .service import Service


_PROBE = "waybill-is-ready"


class NameServer(Service):
    """Knows which broker has which topic."""

    def __init__(self, directory=None):
        super().__init__("namesrv", directory)
        self.port = free_port()

    def start(self):
        file = self.directory / "namesrv.conf"
        file.write_text(f"bindAddress=127.0.0.1\nlistenPort={self.port}\n"
                        f"kvConfigPath={self.directory}/kv.json\nconfigStorePath={self.directory}/stored.conf\n")
        self.process = self.spawn(
            java("rocketmq", self.directory, "-Xms48m", "-Xmx64m", f"-Duser.home={self.directory}",
                 "org.apache.rocketmq.namesrv.NamesrvStartup", "-c", file), {"ROCKETMQ_HOME": str(self.directory)})
        self.wait_ready(lambda: accepts(self.port), 120)
        return self

    def stop(self):
        self.end(signal.SIGTERM, 60)

    def discard(self):
        self.kill()


class RocketMq(Service):
    """One broker that has each message on its disk before it confirms, and makes no topic by itself.

    Its proxy takes TLS at the same port. It listens at every address of the host: RocketMQ has no setting for that.
    `proxy` and `broker` are settings of theirs beside ours.
    """

    def __init__(self, directory=None, name="rocketmq", proxy=None, broker=None):
        super().__init__(name, directory)
        self.names = NameServer()
        self.port, self.remoting_port, self.broker_port, self.replication_port = _free_ports()
        self.proxy_settings, self.broker_settings = dict(proxy or {}), dict(broker or {})
        self.certificate = self.directory / "server.pem"

    def start(self):
        if not self.names.alive():
            self.names.start()
        if not self.certificate.exists():
            make_certificate(self.directory)
        broker, proxy = self.directory / "broker.conf", self.directory / "rmq-proxy.json"
        broker.write_text("".join(f"{name}={value}\n" for name, value in self._broker().items()))
        proxy.write_text(json.dumps(self._proxy()))
        self.process = self.spawn(
            java("rocketmq", self.directory, "-Xms128m", "-Xmx256m", "-Xmn96m", "-XX:MaxDirectMemorySize=512m",
                 f"-Duser.home={self.directory}", f"-Drocketmq.log.dir={self.directory}/logs",
                 "org.apache.rocketmq.proxy.ProxyStartup", "-pm", "LOCAL", "-pc", proxy, "-bc", broker,
                 "-n", f"127.0.0.1:{self.names.port}"), {"ROCKETMQ_HOME": str(self.directory)})
        self.wait_ready(lambda: accepts(self.port), 120)
        # It tells the name server of itself up to ten seconds later, and a proxy that is asked for a topic before
        # remembers that there is none.
        self.create_topic(_PROBE)
        self.wait_ready(lambda: rocketmq_admin.has_route(self.names.port, _PROBE), 120)
        return self

    def stop(self):
        # A stop in good order takes it 8 s and more.
        self.end(signal.SIGTERM, 60)

    def discard(self):
        self.kill()
        self.names.close()

    def url(self):
        return f"rocketmq://127.0.0.1:{self.port}"

    def secure_url(self):
        return f"rocketmqs://127.0.0.1:{self.port}"

    def create_topic(self, name, kind="NORMAL", queues=4, permission=6):
        rocketmq_admin.create_topic(self.broker_port, name, kind, queues, permission)

    def create_group(self, name, orderly=False):
        rocketmq_admin.create_group(self.broker_port, name, orderly)

    def delete_topic(self, name):
        rocketmq_admin.delete_topic(self.broker_port, name)

    def depth(self, topic, queues):
        return rocketmq_admin.depth(self.broker_port, topic, queues)

    def taken(self, topic, queues, group):
        return rocketmq_admin.taken(self.broker_port, topic, queues, group)

    def set_broker(self, **settings):
        """Changes settings of the running broker."""
        rocketmq_admin.set_broker(self.broker_port, **settings)

    def _broker(self):
        store = self.directory / "store"
        return {
            "brokerClusterName": "waybill", "brokerName": "broker-a", "brokerId": 0, "brokerRole": "ASYNC_MASTER",
            # A confirmed message is on the disk.
            "flushDiskType": "SYNC_FLUSH",
            "namesrvAddr": f"127.0.0.1:{self.names.port}", "brokerIP1": "127.0.0.1", "bindAddress": "127.0.0.1",
            "listenPort": self.broker_port, "haListenPort": self.replication_port,
            "storePathRootDir": store, "storePathCommitLog": store / "commitlog",
            "mappedFileSizeCommitLog": 67108864, "mappedFileSizeConsumeQueue": 600000, "maxIndexNum": 200000,
            "maxHashSlotNum": 50000, "timerWheelEnable": "true", "autoCreateTopicEnable": "false",
            "autoCreateSubscriptionGroup": "true", "diskMaxUsedSpaceRatio": 98, "maxMessageSize": 8388608,
            **self.broker_settings}

    def _proxy(self):
        return {
            "rocketMQClusterName": "waybill", "namesrvAddr": f"127.0.0.1:{self.names.port}", "proxyMode": "LOCAL",
            "grpcServerPort": self.port, "remotingListenPort": self.remoting_port, "enableACL": False,
            "maxMessageSize": 8388608, "tlsTestModeEnable": False,
            "tlsKeyPath": str(self.directory / "server.key"), "tlsCertPath": str(self.certificate),
            **self.proxy_settings}


def _free_ports():
    """Ports of the proxy's two protocols, the broker and its replication; the broker takes the next but one below too."""
    while True:
        proxy, remoting, broker, replication = (free_port() for _ in range(4))
        if not accepts(broker - 2):
            return proxy, remoting, broker, replication
