"""Private servers for tests and demonstrations: own ports on loopback, own data, stopped by process id.

    from waybill_services import Gate, PostgreSQL, RabbitMQ

    with RabbitMQ() as broker, Gate(broker.port) as gate:
        connect(gate.url(broker.url()))
        gate.cut()
        broker.kill()
        broker.start()

Only the standard library is used, so any Python 3.11 can import it.
"""

from .gate import Gate
from .kafka import Kafka
from .kafka_cluster import KafkaCluster
from .mariadb import MariaDB
from .pgbouncer import PgBouncer
from .ports import free_port
from .postgresql import PostgreSQL
from .rabbitmq import RabbitMQ
from .redis import Redis
from .redis_cluster import RedisCluster, Replica as RedisReplica
from .rocketmq import RocketMq
from .waiting import wait_until

__all__ = ["Gate", "Kafka", "KafkaCluster", "MariaDB", "PgBouncer", "PostgreSQL", "RabbitMQ", "Redis", "RedisCluster",
           "RedisReplica", "RocketMq", "free_port", "wait_until"]
