"""The command line: what it prints for programs, its exit codes, and that no password is ever shown."""

import re

from waybill_services import wait_until


def persist(store, *ids, topic="orders.created", **columns):
    with store.transaction() as transaction:
        for name in ids:
            transaction.message(topic, "x", id=name, **columns)


def fail_some(workspace, store, topology, shop, count=3):
    """`count` messages that no queue takes, failed as unroutable; gives the queue that takes the others."""
    queue = topology.queue(binding="orders.created")
    shop(store, queue=queue)
    persist(store, *[f"stray-{number}" for number in range(count)], topic="orders.stray", key="k")
    assert workspace.relay("--drain").wait() == 0
    return queue


def test_init_writes_a_file_that_checks(workspace):
    workspace.run("init").expect()
    assert "#" in workspace.config.read_text()
    workspace.run("check", "--offline").expect()
    before = workspace.config.read_text()
    assert workspace.run("init").code != 0, "an existing file is not overwritten"
    assert workspace.config.read_text() == before


def test_configuration_file_by_environment_variable(workspace, sqlite_store, shop):
    shop(sqlite_store)
    answer = workspace.run("status", "--json", config=False, environment={"WAYBILL_CONFIG": str(workspace.config)})
    assert answer.expect().json["stores"][0]["name"] == "shop"


def test_migrate_prints_its_sql_and_may_be_repeated(store, workspace, topology):
    workspace.configure(store.url, topology.broker.url(), [{"topic": "orders.*", "exchange": topology.exchange}])
    store.query("SELECT 1")
    printed = workspace.run("migrate", "--print").expect().out
    assert "CREATE TABLE" in printed.upper() and "outbox" in printed
    workspace.run("migrate").expect()
    workspace.run("migrate").expect()
    assert "CREATE TABLE" not in workspace.run("migrate", "--print").expect().out.upper()


def test_status_document(store, workspace, topology, shop):
    """The stable JSON of the contract, with the password masked."""
    shop(store)
    persist(store, "a", "b")
    document = workspace.status()
    entry = document["stores"][0]
    assert {"name", "url", "sending", "failed", "oldest_sending_seconds"} <= entry.keys()
    assert entry["name"] == "shop" and entry["sending"] == 2 and entry["failed"] == 0
    if store.kind == "postgresql":
        assert store.server.password not in workspace.run("status", "--json").out
    route = document["routes"][0]
    assert {"topic", "broker", "state", "in_flight", "confirmed_total", "rejected_total",
            "duplicates_possible_total"} <= route.keys()
    assert route["topic"] == "orders.*" and route["broker"] == "main"
    assert route["state"] in ("flowing", "idle", "stalled", "down", "paused")
    workspace.relay()
    wait_until(lambda: workspace.status()["routes"][0]["confirmed_total"] == 2, 30, "two confirms in the status")
    assert workspace.run("status").expect().out


def test_send_prints_the_id_and_the_message_arrives(store, workspace, topology, shop):
    queue = shop(store)
    answer = workspace.run("send", "--topic", "orders.created", "--key", "17", "--header", "a=b=c", "--payload", "hello")
    name = answer.expect().out.strip()
    assert len(name) == 36
    workspace.run("send", "--topic", "orders.created", "-", text=b"\0raw\xff").expect()
    consumer = topology.consume(queue)
    workspace.relay()
    consumer.wait_count(2)
    first = next(delivery for delivery in consumer.deliveries if delivery.id == name)
    assert (first.body, first.key, first.headers["a"], first.attempt) == (b"hello", "17", "b=c", 1)
    assert b"\0raw\xff" in [delivery.body for delivery in consumer.deliveries]


def test_failed_list_show_and_groups(store, workspace, topology, shop):
    fail_some(workspace, store, topology, shop)
    failed = workspace.failed()
    assert sorted(message["id"] for message in failed) == ["stray-0", "stray-1", "stray-2"]
    shown = workspace.run("failed", "show", "stray-1", "--json").expect()
    assert "unroutable" in shown.out and "NO_ROUTE" in shown.out
    groups = workspace.run("failed", "groups", "--json").expect()
    assert groups.json["groups"][0]["code"] == "WB-R02" and "Bind a queue" in groups.json["groups"][0]["remedy"]
    assert "→ Bind a queue" in workspace.run("failed", "groups", environment={"LC_ALL": "C"}).expect().out
    assert "没有队列绑定该路由键" in workspace.run("failed", "groups", environment={"LC_ALL": "zh_CN.UTF-8"}).expect().out
    assert "Bind a queue" in workspace.run("explain", "stray-1", "--lang", "en").expect().out
    workspace.run("failed", "resolve", "stray-1").expect(2)
    workspace.run("failed", "take", "no-such-id").expect(4)
    workspace.run("failed", "take", "stray-1").expect()
    assert "taken by " in workspace.run("failed", "groups").expect().out
    workspace.run("failed", "resolve", "stray-2", "--why", "the queue is bound").expect()
    cause = workspace.run("failed", "groups", "--json").expect().json["groups"][0]["cause"]
    assert cause["state"] == "resolved" and cause["why"] == "the queue is bound"
    persist(store, "again", topic="orders.stray")
    assert workspace.relay("--drain").wait() == 0
    assert workspace.run("failed", "groups", "--json").expect().json["groups"][0]["cause"]["state"] == "returned"
    workspace.run("failed", "list", "topic:orders.* reason:unroutable").expect()
    workspace.run("failed", "list", "--reason", "rejected").expect(4)
    workspace.run("failed", "show", "no-such-id").expect(4)


def test_failed_resend_after_the_cause_is_gone(store, workspace, topology, shop):
    fail_some(workspace, store, topology, shop)
    other = topology.queue(binding="orders.stray")
    consumer = topology.consume(other)
    before = workspace.run("failed", "resend", "--reason", "unroutable", "--dry-run").expect()
    assert "3" in before.out and len(workspace.failed()) == 3
    assert workspace.run("failed", "resend", "--reason", "unroutable").code != 0, "asks first: --yes without a terminal"
    workspace.run("failed", "resend", "--reason", "unroutable", "--yes").expect()
    assert workspace.relay("--drain").wait() == 0
    consumer.wait_ids({"stray-0", "stray-1", "stray-2"})
    assert all(delivery.attempt > 1 for delivery in consumer.deliveries)
    assert workspace.failed() == []


def test_failed_drop_and_restore(store, workspace, topology, shop):
    fail_some(workspace, store, topology, shop)
    workspace.run("failed", "drop", "--id", "stray-0", "--yes").expect()
    assert sorted(message["id"] for message in workspace.failed()) == ["stray-1", "stray-2"]
    workspace.run("failed", "restore", "--id", "stray-0", "--yes").expect()
    assert len(workspace.failed()) == 3
    workspace.run("failed", "drop", "--id", "no-such-id", "--yes").expect(4)


def test_dropped_message_is_forgotten_after_its_retention(store, workspace, topology, shop):
    fail_some(workspace, store, topology, shop)
    workspace.run("failed", "drop", "--all", "--yes").expect()
    long_ago = {"sqlite": "changed_at - 31 * 86400000", "postgresql": "changed_at - interval '31 days'"}[store.kind]
    store.query(f"UPDATE {store.retry} SET changed_at = {long_ago} WHERE id <> 'stray-2'")
    relay = workspace.relay()
    wait_until(lambda: [message["id"] for message in workspace.failed("dropped")] == ["stray-2"],
               what="the old ones to go, and them alone")
    assert relay.stop() == 0


def test_explain(store, workspace, topology, shop):
    queue = shop(store)
    persist(store, "waits")
    assert "waits" in workspace.run("explain", "waits").expect().out
    assert "接下来：一有 relay 运行就会移动" in workspace.run("explain", "waits", "--lang", "zh").expect().out
    assert "它在发件箱中" in workspace.run("explain", "waits", environment={"LC_ALL": "zh_CN.UTF-8"}).expect().out
    told = workspace.run("explain", "waits", "--json", environment={"LC_ALL": "zh_CN.UTF-8"}).expect().json
    assert told["next"].startswith("moves as soon as"), "a document is the same on every host"
    consumer = topology.consume(queue)
    assert workspace.relay("--drain").wait() == 0
    consumer.wait_ids({"waits"})
    workspace.run("explain", "waits").expect(4)
    workspace.run("explain", "never-was", "--json").expect(4)


def test_audit_names_what_is_still_waiting(store, workspace, topology, shop):
    shop(store)
    persist(store, "a", "b")
    ids = workspace.folder / "ids.txt"
    ids.write_text("a\nb\n")
    answer = workspace.run("audit", "--ids", ids, "--json")
    assert answer.code in (0, 1), answer.out + answer.err
    assert answer.json
    assert workspace.relay("--drain").wait() == 0
    assert workspace.run("audit", "--json").json


def mark_as_consumed(store, name):
    """What a consumer in any language does, in the transaction of its effect."""
    if store.kind == "sqlite":
        store.query("INSERT INTO waybill_inbox (consumer, unique_id, fingerprint, message_id) "
                    "VALUES ('inventory', 'chair', %s, %s)", (name, name))
    else:
        store.query("SELECT waybill.once('inventory', 'chair', %s, NULL, %s)", (name, name))


def test_failed_resend_leaves_out_what_consumers_have_done(store, workspace, topology, shop):
    """A message can have arrived and failed all the same: the inbox knows."""
    fail_some(workspace, store, topology, shop)
    mark_as_consumed(store, "stray-1")
    plan = workspace.run("failed", "resend", "--all", "--skip-consumed", "--dry-run", "--json").expect().json
    assert (plan["count"], plan["consumed"]) == (2, 1)
    other = workspace.run("failed", "resend", "--all", "--skip-consumed", "--consumer", "billing", "--dry-run", "--json")
    assert (other.expect().json["count"], other.json["consumed"]) == (3, 0)
    workspace.run("failed", "resend", "--all", "--skip-consumed", "--yes").expect()
    assert [message["id"] for message in workspace.failed()] == ["stray-1"]
    answer = workspace.run("failed", "resend", "--all", "--skip-consumed", "--yes").expect(4)
    assert "consumers have done all that matched" in answer.err


def test_audit_of_a_span(sqlite_store, workspace, topology, shop):
    shop(sqlite_store)
    # UUIDv7 of 2026-01-01T00:00:00Z and an hour later, and an id that tells no time.
    names = ["019b76da-a800-7000-8000-000000000001", "019b7711-9680-7000-8000-000000000002", "order-17"]
    persist(sqlite_store, *names)
    ids = workspace.folder / "ids.txt"
    ids.write_text("".join(f"{name}\n" for name in names))
    answer = workspace.run("audit", "--ids", ids, "--until", "2026-01-01T00:30:00Z", "--json").expect()
    assert answer.json["sending"] == {"count": 2, "first": [names[0], names[2]]} and "1 ids are no UUIDv7" in answer.err
    late = workspace.run("audit", "--ids", ids, "--since", "2026-01-01T00:30:00Z", "--json").expect().json
    assert late["sending"]["first"] == names[1:]
    assert "--since" in workspace.run("audit", "--since", "2h").expect(2).err
    assert "soon" in workspace.run("audit", "--ids", ids, "--since", "soon").expect(2).err


def test_audit_names_what_the_broker_dropped(store, workspace, topology, shop):
    """Fault case 20: a queue of at most one message drops its head; each of them had been confirmed. The one that is
    left is consumed, and the audit names the nine."""
    queue = topology.queue(kind="classic", x_max_length=1, x_overflow="drop-head")
    shop(store, queue=queue)
    names = [f"m-{number}" for number in range(10)]
    persist(store, *names)
    assert workspace.relay("--drain").wait() == 0
    consumer = topology.consume(queue)
    consumer.wait_count(1)
    kept = consumer.deliveries[0].id
    mark_as_consumed(store, kept)
    ids = workspace.folder / "ids.txt"
    ids.write_text("".join(f"{name}\n" for name in names))
    compare = ["audit", "--ids", ids, "--consumer", "inventory"]
    # While the queue may still hold them, they are no loss.
    workspace.run(*compare).expect(0)
    answer = workspace.run(*compare, "--settled", "--json").expect(1)
    assert "lost: 9 messages are confirmed, but consumer 'inventory' has never done them" in answer.err
    books = answer.json
    assert (books["persisted"], books["confirmed"]["count"], books["lost"]) == (10, 10, 9)
    assert books["consumed"] == {"count": 1, "first": [kept]}
    assert books["unconsumed"] == {"count": 9, "first": [name for name in names if name != kept]}
    assert consumer.count() == 1


def test_doctor(store, workspace, topology, shop):
    shop(store)
    answer = workspace.run("doctor", "--json")
    assert answer.code in (0, 1), answer.out + answer.err
    assert answer.json
    if store.kind == "postgresql":
        store.server.psql("ALTER SYSTEM SET fsync = off")
        store.server.psql("SELECT pg_reload_conf()")
        try:
            wait_until(lambda: store.server.psql("SHOW fsync").strip() == "off", 10, "the setting")
            critical = workspace.run("doctor", "--json").expect(1)
            assert "fsync" in critical.out
        finally:
            store.server.psql("ALTER SYSTEM RESET fsync")
            store.server.psql("SELECT pg_reload_conf()")


def test_doctor_warns_of_queues_that_drop_confirmed_messages(workspace, sqlite_store, topology, rabbitmq, shop):
    """Fault case 20: confirmed is not kept where a length limit drops the oldest, or messages expire."""
    queue = topology.queue(kind="classic", x_max_length=10, x_message_ttl=60000)
    shop(sqlite_store, queue=queue, broker_options={"management_url": rabbitmq.management_url()})
    def naming_the_queue():
        found = workspace.run("doctor", "--json").out
        return found if queue in found else None
    found = wait_until(naming_the_queue, 20, "the queue to be named")
    assert "length" in found and "ttl" in found.lower(), found
    assert rabbitmq.password + "@" not in found


def test_doctor_says_that_the_way_to_another_host_is_open(workspace, postgresql_store, shop):
    """The database is taken for one elsewhere by its name; the address leads to ours."""
    shop(postgresql_store)
    text = workspace.config.read_text()
    workspace.config.write_text(re.sub(r"@127.0.0.1(:\d+/\w+)", r"@db.example\1?hostaddr=127.0.0.1", text, count=1))
    findings = workspace.run("doctor", "--json").json["findings"]
    found, = [finding for finding in findings if finding["code"] == "WB-D118"]
    assert found["severity"] == "warning" and "not encrypted" in found["text"], found
    workspace.config.write_text(text)
    assert "WB-D118" not in workspace.run("doctor", "--json").out


def test_route_command(workspace, sqlite_store, shop):
    shop(sqlite_store)
    assert "orders.*" in workspace.run("route", "orders.created").expect().out
    workspace.run("route", "payments.made").expect(4)


def test_a_purge_of_the_inbox_is_in_the_audit_log(sqlite_store, workspace, shop):
    shop(sqlite_store)
    sqlite_store.query("INSERT INTO waybill_inbox (consumer, unique_id, fingerprint, marked_ms) VALUES ('inventory', 'chair', 'old', 1), "
                       "('inventory', 'chair', 'new', 4102444800000)")
    purge = ("inbox", "purge", "--consumer", "inv*", "--older-than", "30d", "--why", "retention", "--yes", "--json")
    assert workspace.run(*purge).expect().json["purged"] == 1
    assert workspace.run(*purge).code == 4
    logged = workspace.run("operations", "list", "--json").expect().json["operations"]
    assert [(one["act"], one["subject"], one["why"]) for one in logged] == [
        ("purge", "marks of consumer 'inv*' that were older than 30d: 1", "retention")], "what changes nothing is no act"


def test_inbox_list(store, workspace, shop):
    shop(store)
    assert workspace.run("inbox", "list", "--json").code in (0, 4)
    if store.kind == "postgresql":
        store.query("SELECT waybill.once('inventory', 'chair', 'order 1')")
        assert "inventory" in workspace.run("inbox", "list", "--json").expect().out


def test_a_code_is_explained_in_both_languages(workspace):
    said = workspace.run("status", "--store", "none", config=False).err
    code = said.strip().rsplit("(", 1)[1].rstrip(")")
    assert code == "WB-E02", said
    english = workspace.run("errors", code, "--json", "--lang", "en", config=False).expect().json["errors"]
    assert english[0]["name"] == "invalid_configuration" and "waybill check" in english[0]["remedy"]
    assert "配置" in workspace.run("errors", code.lower(), config=False, environment={"LANG": "zh_CN.UTF-8", "LC_ALL": ""}).expect().out
    assert "WB-R02" in workspace.run("errors", "unroutable", config=False).expect().out
    assert len(workspace.run("errors", "--json", config=False).expect().json["errors"]) > 100
    assert "did you mean 'unroutable'?" in workspace.run("errors", "unrutable", config=False).expect(4).err


def test_consumers_get_a_description_of_what_is_sent(workspace):
    workspace.config.write_text("""
[store.shop]
url = "sqlite:///shop.db"
[broker.main]
url = "amqp://guest:hidden@localhost:5673/shop"
[broker.events]
url = "kafkas://k1:9092,k2:9093"
[[route]]
topic = "orders.*"
broker = "main"
exchange = "shop"
order = "key"
[[route]]
topic = "*"
broker = "events"
exchange = "shop.{topic}"
format = "cloudevents"
source = "/shop"
""")
    document = workspace.run("asyncapi", "--title", "Shop", "--doc-version", "2.1.0").expect().json
    assert document["asyncapi"] == "3.0.0" and document["info"] == {"title": "Shop", "version": "2.1.0"}
    assert document["servers"]["main"] == {"host": "localhost:5673", "protocol": "amqp", "title": "main"}
    assert document["servers"]["events"]["protocol"] == "kafka-secure" and document["servers"]["events"]["host"].endswith(":9093")
    assert document["channels"]["route-1"]["bindings"]["amqp"]["exchange"]["name"] == "shop"
    assert document["channels"]["route-2"]["address"] == "shop.{topic}" and "topic" in document["channels"]["route-2"]["parameters"]
    assert set(document["components"]["messages"]) == {"plain", "cloudevents"}
    assert "hidden" not in str(document)

    def follow(reference):
        place = document
        for word in reference.removeprefix("#/").split("/"):
            place = place[word]
        return place

    for operation in document["operations"].values():
        assert follow(operation["channel"]["$ref"])["messages"]
        for message in operation["messages"]:
            assert follow(follow(message["$ref"])["$ref"])["headers"]
    for channel in document["channels"].values():
        assert all(follow(server["$ref"]) for server in channel["servers"])


def test_help_and_version(workspace):
    assert "relay" in workspace.run("--help", config=False).expect().out
    assert "0.1" in workspace.run("--version", config=False).expect().out
