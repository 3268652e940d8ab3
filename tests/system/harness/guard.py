"""The guard in Redis, as a client in any language calls it."""

import redis

STOCK, ORDERS, JOURNAL = "{sale}:stock", "{sale}:orders", "{sale}:journal"


def connect(server):
    return redis.Redis(port=server.port, password=server.password, socket_timeout=30)


def apply(client, keys, consumer, unique_id, fingerprint, *effects, digest="", message_id="", retention=3600):
    answer = client.execute_command("FCALL", "waybill_apply", len(keys), *keys, consumer, unique_id, fingerprint, digest,
                                    message_id, retention, *effects)
    return [part.decode() if isinstance(part, bytes) else part for part in answer]
