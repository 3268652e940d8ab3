"""A service under load: commits orders with their messages, and rolls some back."""

import random
import sqlite3
import threading

import psycopg
import pymysql
import redis

_GONE = (psycopg.OperationalError, psycopg.InterfaceError, sqlite3.OperationalError, pymysql.err.OperationalError,
         pymysql.err.InterfaceError, redis.exceptions.ConnectionError, redis.exceptions.TimeoutError,
         redis.exceptions.WatchError)


def message_id(number):
    return f"order-{number:08d}"


class Traffic:
    """Writers that commit orders until `total` numbers are used up, or stop() is called.

    Each order of a key takes the key's counter row first, so the orders of one key wait for each other, and their
    number within the key (in the payload, `key:position`) is their commit order.
    """

    def __init__(self, store, total, seed, keys=50, writers=2, rate=None, rollback_share=0.05, topic="orders.created",
                 batch=1):
        self.store, self.total, self.seed, self.keys, self.rate = store, total, seed, keys, rate
        self.rollback_share, self.topic, self.batch = rollback_share, topic, batch
        self.rolled_back = set()
        self.acknowledged = set()
        self.errors = []
        self._next = 0
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._write, args=(index,), daemon=True) for index in range(writers)]

    def start(self):
        for thread in self._threads:
            thread.start()
        return self

    def stop(self):
        self._stop.set()
        return self.join()

    def join(self, seconds=300):
        for thread in self._threads:
            thread.join(seconds)
            assert not thread.is_alive(), "a writer of the traffic hangs"
        assert not self.errors, self.errors[:3]
        return self

    def running(self):
        return any(thread.is_alive() for thread in self._threads)

    def committed_ids(self):
        return {message_id(number) for number in self.store.committed()}

    def _take(self):
        with self._lock:
            first = self._next
            self._next = min(self.total, first + self.batch)
            return range(first, self._next)

    def _write(self, index):
        chance = random.Random(f"{self.seed}-{index}")
        while not self._stop.is_set():
            numbers = self._take()
            if not numbers:
                break
            try:
                self._order(numbers, chance)
            except _GONE:
                # The server went away: whether this one was committed is what the table says later.
                self.store.forget_connection()
                self._stop.wait(0.1)
            except Exception as error:  # pylint: disable=broad-except
                self.errors.append(repr(error))
                return
            if self.rate:
                self._stop.wait(self.batch * len(self._threads) / self.rate)
        self.store.forget_connection()

    def _order(self, numbers, chance):
        key = f"k{chance.randrange(self.keys)}"
        undo = chance.random() < self.rollback_share
        try:
            with self.store.transaction() as transaction:
                position = self._position(transaction, key, len(numbers))
                for offset, number in enumerate(numbers):
                    transaction.order(number, key)
                    transaction.message(self.topic, f"{key}:{position + offset}", key=key, id=message_id(number))
                if undo:
                    raise _Undo
            self.acknowledged.update(message_id(number) for number in numbers)
        except _Undo:
            self.rolled_back.update(message_id(number) for number in numbers)

    def _position(self, transaction, key, count):
        return self.store.count_up(transaction, key, count) - count


class _Undo(Exception):
    pass


def send(store, names, topic="orders.created", key=None):
    """Messages with these ids, in one transaction."""
    with store.transaction() as transaction:
        for name in names:
            transaction.message(topic, "x", id=name, key=key)


def names(prefix, count):
    return [f"{prefix}-{number}" for number in range(count)]
