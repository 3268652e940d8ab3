"""Another outbox table is copied into ours by a trigger: no service is touched."""

import uuid

import pytest

PAYLOAD = '{"order": 17, "note": "it\'s för 日本"}'
TYPES = {"postgresql": ("uuid", "varchar(255)", "jsonb"), "mysql": ("char(36)", "varchar(255)", "longtext"), "sqlite": ("text", "text", "text")}
CHARSET = " CHARACTER SET utf8mb4"


@pytest.fixture(params=["postgresql", "mysql", "sqlite"])
def other(request, shop):
    """A store beside which services write Debezium's table."""
    store = request.getfixturevalue(f"{request.param}_store")
    shop.queue = shop(store)
    identity, text, payload = TYPES[store.kind]
    store.query(f"CREATE TABLE outboxevent (id {identity} PRIMARY KEY, aggregatetype {text} NOT NULL, aggregateid {text} NOT NULL, "
                f"type {text}, payload {payload})" + (CHARSET if store.kind == "mysql" else ""))
    return store


def insert(store, name, topic="orders.created", payload=PAYLOAD):
    mark = "?" if store.kind == "sqlite" else "%s"
    store.query(f"INSERT INTO outboxevent VALUES ({', '.join([mark] * 5)})", (name, topic, "17", "OrderCreated", payload))


def test_debezium_s_table_is_adopted_and_let_go(other, shop, workspace, topology):
    consumer = topology.consume(shop.queue)
    assert "TRIGGER" in workspace.run("adopt", "--table", "outboxevent", "--print").expect().out
    insert(other, str(uuid.uuid4()))
    assert workspace.sending() == 0, "--print changes nothing"
    workspace.run("adopt", "--from", "debezium", "--table", "outboxevent").expect()
    workspace.run("adopt", "--from", "debezium", "--table", "outboxevent").expect()
    name = str(uuid.uuid4())
    insert(other, name)
    assert workspace.relay("--drain").wait() == 0
    consumer.wait_ids({name})
    sent, = consumer.deliveries
    assert sent.topic == "orders.created" and sent.key == "17" and sent.headers["eventType"] == "OrderCreated"
    body = sent.body.decode()
    assert body == PAYLOAD or other.kind == "postgresql" and '"it\'s för 日本"' in body
    workspace.run("adopt", "--table", "outboxevent", "--remove").expect()
    insert(other, str(uuid.uuid4()))
    assert workspace.sending() == 0


def test_a_row_that_lacks_something_never_ends_the_service_s_transaction(other, workspace):
    workspace.run("adopt", "--table", "outboxevent").expect()
    insert(other, str(uuid.uuid4()), payload=None)
    insert(other, str(uuid.uuid4()), topic="x" * 255)
    assert workspace.sending() == 2


def test_any_table_is_adopted_by_its_columns(other, shop, workspace, topology):
    kind = {"postgresql": "bytea", "mysql": "blob", "sqlite": "blob"}[other.kind]
    quote = "`" if other.kind == "mysql" else '"'
    other.query(f"CREATE TABLE events ({quote}what is it{quote} varchar(100), body {kind})")
    workspace.run("adopt", "--from", "table", "--table", "events", "--fixed-topic", "orders.other", "--payload", "body",
                  "--header", "it's=what is it").expect()
    mark = "?" if other.kind == "sqlite" else "%s"
    other.query(f"INSERT INTO events VALUES ({mark}, {mark})", ("a sale", b"\x00\xff'"))
    consumer = topology.consume(shop.queue)
    assert workspace.relay("--drain").wait() == 0
    consumer.wait_count(1)
    sent, = consumer.deliveries
    assert sent.body == b"\x00\xff'" and sent.headers["it's"] == "a sale" and sent.topic == "orders.other"


def test_what_is_rolled_back_was_never_copied(postgresql_store, shop, workspace):
    shop(postgresql_store)
    postgresql_store.query("CREATE TABLE events (topic text, body text)")
    workspace.run("adopt", "--from", "table", "--table", "events", "--topic", "topic", "--payload", "body").expect()
    with pytest.raises(ZeroDivisionError):
        with postgresql_store.transaction() as transaction:
            transaction.connection.execute("INSERT INTO events VALUES ('orders.created', 'x')")
            raise ZeroDivisionError
    assert workspace.sending() == 0


def test_a_service_needs_no_right_on_waybill_s_tables(postgresql_store, shop, workspace):
    shop(postgresql_store)
    role = f"service_{uuid.uuid4().hex[:8]}"
    for statement in ("CREATE SCHEMA app", "CREATE TABLE app.events (topic text, body text)", f"CREATE ROLE {role}",
                      f"GRANT USAGE ON SCHEMA app TO {role}", f"GRANT INSERT ON app.events TO {role}"):
        postgresql_store.query(statement)
    workspace.run("adopt", "--from", "table", "--table", "app.events", "--topic", "topic", "--payload", "body").expect()
    postgresql_store.query(f"SET ROLE {role}; INSERT INTO app.events VALUES ('orders.created', 'x'); RESET ROLE")
    assert workspace.sending() == 1
    workspace.run("adopt", "--table", "app.events", "--remove").expect()
    postgresql_store.query(f"DROP SCHEMA app CASCADE; DROP ROLE {role}")


def test_what_is_wrong_is_named(other, workspace):
    assert "no table 'none'" in workspace.run("adopt", "--table", "none").expect(4).err
    said = workspace.run("adopt", "--table", "outboxevent", "--key", "customer").expect(2).err
    assert "no column 'customer'" in said and "aggregateid" in said
    workspace.run("adopt", "--from", "table", "--table", "outboxevent", "--payload", "payload").expect(2)
    workspace.run("adopt", "--from", "table", "--table", "outboxevent", "--topic", "type").expect(2)
    workspace.run("adopt", "--from", "kafka", "--table", "outboxevent").expect(2)


def test_redis_has_no_tables(redis_store, shop, workspace):
    shop(redis_store)
    assert "no tables" in workspace.run("adopt", "--table", "outbox").expect(1).err
