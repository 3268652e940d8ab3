"""Asks a RocketMQ broker to change, by its remoting protocol: mqadmin would start a Java machine for each request."""

import json
import socket
import struct

_GROUP_OFFSET, _UPDATE_TOPIC, _UPDATE_BROKER, _MAX_OFFSET = 14, 17, 25, 30
_ROUTE, _UPDATE_GROUP, _DELETE_TOPIC = 105, 200, 215


def create_topic(port, name, kind="NORMAL", queues=4, permission=6):
    """A topic takes messages of one kind: NORMAL, FIFO, DELAY, TRANSACTION, or MIXED. Permission: 4 reads, 2 writes."""
    _ask(port, _UPDATE_TOPIC, {
        "topic": name, "defaultTopic": "TBW102", "readQueueNums": queues, "writeQueueNums": queues,
        "perm": permission, "topicFilterType": "SINGLE_TAG", "topicSysFlag": 0, "order": "false",
        "attributes": f"+message.type={kind}"})


def create_group(port, name, orderly=False):
    """Consumers of a group that nobody made get nothing from a proxy."""
    _ask(port, _UPDATE_GROUP, {}, json.dumps({"groupName": name, "consumeMessageOrderly": orderly}))


def delete_topic(port, name):
    _ask(port, _DELETE_TOPIC, {"topic": name})


def set_broker(port, **settings):
    _ask(port, _UPDATE_BROKER, {}, "".join(f"{name}={value}\n" for name, value in settings.items()))


def depth(port, topic, queues):
    """How many messages were stored in it."""
    return sum(int(_ask(port, _MAX_OFFSET, {"topic": topic, "queueId": number})["offset"]) for number in range(queues))


def taken(port, topic, queues, group):
    """How many of them the group has taken."""
    total = 0
    for number in range(queues):
        try:
            fields = {"consumerGroup": group, "topic": topic, "queueId": number}
            total += int(_ask(port, _GROUP_OFFSET, fields)["offset"])
        except RuntimeError:
            pass  # nothing yet
    return total


def has_route(port, name):
    """Whether the name server at this port knows where the topic is."""
    try:
        _ask(port, _ROUTE, {"topic": name})
        return True
    except RuntimeError:
        return False


def _ask(port, code, fields, body=""):
    header = json.dumps({"code": code, "language": "PYTHON", "version": 0, "opaque": 1, "flag": 0,
                         "serializeTypeCurrentRPC": "JSON",
                         "extFields": {name: str(value) for name, value in fields.items()}}).encode()
    frame = struct.pack(">I", len(header)) + header + body.encode()
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(struct.pack(">I", len(frame)) + frame)
        answer = _read(connection, struct.unpack(">I", _read(connection, 4))[0])
    size = struct.unpack(">I", answer[:4])[0] & 0xFFFFFF
    said = json.loads(answer[4:4 + size])
    if said["code"] != 0:
        raise RuntimeError(f"RocketMQ refused request {code}: {said.get('remark')}")
    return said.get("extFields", {})


def _read(connection, count):
    data = b""
    while len(data) < count:
        more = connection.recv(count - len(data))
        if not more:
            raise ConnectionError("RocketMQ closed the connection")
        data += more
    return data
