"""The brokers that a play can go through. Each serves the relay behind a gate, and the services directly."""

import threading

from waybill_services import Gate, Kafka, RabbitMQ, RocketMq, wait_until


class ThroughRabbitMQ:
    """An exchange, and a quorum queue for each service."""

    name, marks_redelivery = "RabbitMQ", True

    def open(self, stage, say):
        import pika

        self.server = stage.serve(self.name, RabbitMQ(), say)
        self.gate = stage.stack.enter_context(Gate(self.server.port))
        self.queues = stage.queues
        self._connect = lambda: pika.BlockingConnection(pika.URLParameters(self.server.url()))
        with self._connect() as connection:
            channel = connection.channel()
            channel.exchange_declare("shop", exchange_type="topic", durable=True)
            for queue in stage.queues:
                channel.queue_declare(queue, durable=True, arguments={"x-queue-type": "quorum"})
                channel.queue_bind(queue, "shop", "orders.#")

    def relay_url(self):
        return self.gate.url(self.server.url())

    def consuming(self, _service):
        """The options of a service."""
        return ["--broker", self.server.url()]

    def waiting(self):
        """Messages in the queues that no service has taken yet."""
        with self._connect() as connection:
            channel = connection.channel()
            return sum(channel.queue_declare(queue, passive=True).method.message_count for queue in self.queues)

    def cut_at_confirm(self):
        before = self.gate.connections_total
        self.gate.cut_at_confirm()
        wait_until(lambda: self.gate.connections_total > before, 30, "the relay to connect again")


class ThroughKafka:
    """A topic, and a group for each service."""

    # Kafka does not know what it handed out before: a record read again after a rebalance carries no mark.
    name, marks_redelivery = "Kafka", False
    topic, partitions = "shop", 4

    def open(self, stage, say):
        from confluent_kafka.admin import AdminClient, NewTopic

        self.server = stage.serve(self.name, Kafka(gates=1), say)
        listens, says = self.server.gates[0]
        self.gate = stage.stack.enter_context(Gate(listens, amqp=False, port=says))
        self.queues = stage.queues
        admin = AdminClient({"bootstrap.servers": f"127.0.0.1:{self.server.port}"})
        admin.create_topics([NewTopic(self.topic, self.partitions, 1)])[self.topic].result(30)

    def relay_url(self):
        return self.server.url(self.gate.port)

    def consuming(self, service):
        return ["--broker", self.server.url(), "--queue", self.topic, "--group", service]

    def waiting(self):
        """Records behind the position of each group."""
        from confluent_kafka import Consumer, TopicPartition

        total = 0
        for group in self.queues:
            reader = Consumer({"bootstrap.servers": f"127.0.0.1:{self.server.port}", "group.id": group, "log_level": 0})
            try:
                partitions = [TopicPartition(self.topic, number) for number in range(self.partitions)]
                for at in reader.committed(partitions, timeout=30):
                    _, end = reader.get_watermark_offsets(at, timeout=30)
                    total += end - max(at.offset, 0)
            finally:
                reader.close()
        return total

    def cut_at_confirm(self):
        """What the broker answers stays in the gate while messages go on leaving; then all is cut."""
        before = self.gate.connections_total
        self.gate.stall("client")
        threading.Event().wait(0.3)
        self.gate.break_connections()
        self.gate.open()
        wait_until(lambda: self.gate.connections_total > before, 30, "the relay to connect again")


class ThroughRocketMQ:
    """A topic that keeps the order of message groups, and a group of consumers for each service."""

    # A broker that was killed does not know what it handed out before, either.
    name, marks_redelivery = "RocketMQ", False
    topic, queue_count = "shop", 4

    def open(self, stage, say):
        self.server = stage.serve(self.name, RocketMq(), say)
        self.gate = stage.stack.enter_context(Gate(self.server.port, amqp=False))
        self.queues = stage.queues
        self.server.create_topic(self.topic, "FIFO", self.queue_count)
        for group in stage.queues:
            self.server.create_group(group)

    def relay_url(self):
        # The routes lead past the gate.
        return f"rocketmq://127.0.0.1:{self.gate.port}?routes=ignore"

    def consuming(self, service):
        return ["--broker", self.server.url(), "--queue", self.topic, "--group", service]

    def waiting(self):
        """Messages that some group has not taken yet."""
        stored = self.server.depth(self.topic, self.queue_count)
        return sum(stored - self.server.taken(self.topic, self.queue_count, group) for group in self.queues)

    cut_at_confirm = ThroughKafka.cut_at_confirm


BROKERS = {"rabbitmq": ThroughRabbitMQ, "kafka": ThroughKafka, "rocketmq": ThroughRocketMQ}
