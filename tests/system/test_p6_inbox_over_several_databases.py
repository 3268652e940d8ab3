"""P6 with an inbox over several databases: consumers in another language, by SQL alone, while a shard is added
(fault case 36)."""

import hashlib
import threading
import uuid

import psycopg
import pytest

SHARDS = ("a", "b", "c")


@pytest.fixture
def urls(postgresql):
    if not postgresql.alive():
        postgresql.start()
    made = {}
    for shard in SHARDS:
        database = f"shard_{shard}_{uuid.uuid4().hex[:8]}"
        postgresql.psql(f"CREATE DATABASE {database}")
        made[shard] = postgresql.url(database)
        with psycopg.connect(made[shard]) as connection:
            connection.execute("CREATE TABLE effect (product text, operation text)")
    return made


def configure(workspace, urls, shards):
    stores = "".join(f'[store.{name}]\nurl = "{url}"\n' for name, url in urls.items())
    workspace.config.write_text(f"{stores}[inbox]\nshards = {list(shards)}\n".replace("'", '"'))


def owner(shards, product):
    return max(shards, key=lambda shard: hashlib.sha256(f"{shard}/{product}".encode()).digest())


class Consumer:
    """Asks the shard it believes in, and goes where it is sent: the three answers that waybill.once_sharded adds."""

    def __init__(self, urls, shards):
        self.urls, self.shards = urls, shards
        self.connections = {name: psycopg.connect(url) for name, url in urls.items()}
        self.asked = self.sent_on = 0

    def close(self):
        for connection in self.connections.values():
            connection.close()

    def apply(self, product, operation):
        at = owner(self.shards, product)
        while True:
            connection = self.connections[at]
            answer = self._once(connection, "once_sharded", (product, operation))
            if answer.startswith("at:"):
                connection.rollback()
                self.sent_on += 1
                at = answer[3:]
                continue
            if answer.startswith("ask:"):
                self.asked += 1
                with psycopg.connect(self.urls[answer[4:]]) as former:
                    answer = self._once(former, "shard_hand_over", (product, operation), at)
            if answer == "new":
                connection.execute("INSERT INTO effect VALUES (%s, %s)", (product, operation))
            connection.commit()
            return answer

    @staticmethod
    def _once(connection, function, operation, *new_owner):
        marks = ", ".join(["%s"] * (3 + len(new_owner)))
        return connection.execute(f"SELECT waybill.{function}({marks})", (*new_owner, "stock", *operation)).fetchone()[0]


def effects(urls):
    done = []
    for url in urls.values():
        with psycopg.connect(url) as connection:
            done += connection.execute("SELECT product, operation FROM effect").fetchall()
    return done


def test_operation_is_applied_once_while_a_shard_is_added(workspace, urls, chance):
    """Every operation comes three times, to consumers that know two shards only; a third is added meanwhile."""
    configure(workspace, urls, SHARDS[:2])
    workspace.run("migrate").expect()
    workspace.run("inbox", "shards", "apply").expect()
    operations = [(f"product-{number % 97}", f"order-{number}") for number in range(600)]
    half_way = threading.Event()
    consumers = [Consumer(urls, SHARDS[:2]) for _ in range(3)]
    answers = [[] for _ in consumers]

    def consume(consumer, kept, order):
        for number, operation in enumerate(order):
            kept.append(consumer.apply(*operation))
            if number == len(order) // 4:
                half_way.set()

    threads = [threading.Thread(target=consume, args=(consumer, kept, chance.sample(operations, len(operations))))
               for consumer, kept in zip(consumers, answers)]
    for thread in threads:
        thread.start()
    assert half_way.wait(60)
    configure(workspace, urls, SHARDS)
    assert workspace.run("inbox", "shards", "apply", "--json").expect().json == {"added": 1}
    for thread in threads:
        thread.join()
    done = effects(urls)
    assert sorted(done) == sorted(operations), "each was applied once"
    assert sum(kept.count("new") for kept in answers) == len(operations)
    assert sum(consumer.sent_on for consumer in consumers) > 0, "the consumers were told of the new shard"
    listed = workspace.run("inbox", "shards", "--json").expect().json["shards"]
    assert [(shard["name"], shard["map"], shard["takes_over_from"]) for shard in listed] == [(s, 2, []) for s in SHARDS]
    logged = workspace.run("operations", "list", "--store", SHARDS[0], "--json").expect().json["operations"]
    assert [(one["act"], one["subject"]) for one in logged] == [
        ("add-shards", f"shards of the inbox: 1 added, now {', '.join(SHARDS)}"),
        ("add-shards", f"shards of the inbox: 2 added, now {', '.join(SHARDS[:2])}")]
    for consumer in consumers:
        consumer.close()


def test_list_of_shards_changed_by_hand_is_refused(workspace, urls):
    configure(workspace, urls, SHARDS)
    workspace.run("migrate").expect()
    assert workspace.run("inbox", "shards").expect().out.count("no shard yet") == 3
    workspace.run("inbox", "shards", "apply").expect()
    configure(workspace, urls, SHARDS[:2])
    answer = workspace.run("inbox", "shards", "apply")
    assert answer.code == 1 and "shard 'c' is in use" in answer.err
    configure(workspace, {**urls, "a": urls["b"], "b": urls["a"]}, SHARDS)
    answer = workspace.run("inbox", "shards", "apply")
    assert answer.code == 2 and "is shard" in answer.err


def test_shards_that_make_no_sense_are_found_by_the_check(workspace, urls):
    configure(workspace, urls, ["a", "x", "a"])
    answer = workspace.run("check", "--offline")
    assert answer.code == 2
    assert "there is no [store.x]" in answer.err + answer.out and "'a' stands twice" in answer.err + answer.out
