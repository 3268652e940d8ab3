"""What the shop's database says: how far everything is, and in the end whether the books balance."""

import sqlite3

# From the sample itself: 9,994 lines.
ORDERS, PRODUCTS, UNITS = 5_009, 1_862, 37_873

_PROGRESS = "SELECT (SELECT count(*) FROM shop_order), (SELECT count(*) FROM shop_shipment)"
_UNSHIPPED = "SELECT count(*) FROM shop_order o WHERE NOT EXISTS (SELECT 1 FROM shop_shipment s WHERE s.order_id = o.id)"
_INDEX = "CREATE INDEX IF NOT EXISTS shop_{table}_key ON shop_{table} ({columns})"


class Deliveries:
    """What the services wrote down of everything that arrived."""

    def deliveries(self):
        return self.number("SELECT count(*) FROM shop_delivery")

    def flagged(self):
        """Whatever a killed relay may have sent already is flagged, whether it had or not: only the broker could know."""
        return self.number("SELECT count(DISTINCT message_id) FROM shop_delivery WHERE attempt > 1")

    def resent(self):
        """Messages that were certainly re-sent: the first and the second one both arrived."""
        return self.number("""SELECT count(DISTINCT message_id) FROM (
            SELECT message_id FROM shop_delivery GROUP BY service, message_id HAVING count(DISTINCT attempt) > 1) AS p""")

    def delivered_twice(self):
        return self.number("""SELECT count(*) FROM (
            SELECT 1 FROM shop_delivery GROUP BY service, message_id HAVING count(*) > 1) AS pairs""")

    def unflagged(self):
        return self.number("""SELECT count(*) FROM (SELECT 1 FROM shop_delivery WHERE attempt = 1 AND redelivered = 0
            GROUP BY service, message_id HAVING count(*) > 1) AS pairs""")

    def shipped_twice(self):
        return self.number("SELECT count(*) - count(DISTINCT order_id) FROM shop_shipment")

    def number(self, sql):
        return int(self.rows(sql)[0][0])

    def rows(self, sql):
        raise NotImplementedError


class Books(Deliveries):
    """Reads the shop's database, SQLite by its file or PostgreSQL by its URL."""

    def __init__(self, url):
        self.url = url
        if url.startswith("sqlite://"):
            self._connection = sqlite3.connect(url.removeprefix("sqlite://"), timeout=20, isolation_level=None)
        else:
            import psycopg  # only this store needs it

            self._connection = psycopg.connect(url, autocommit=True)

    def close(self):
        self._connection.close()

    def prepare(self):
        """The questions asked at the end need indexes; the services don't."""
        for table, columns in (("shipment", "order_id"), ("movement", "order_id, line"),
                               ("order_line", "product"), ("delivery", "service, message_id")):
            self._connection.execute(_INDEX.format(table=table, columns=columns))

    def progress(self):
        """Orders and shipments."""
        return tuple(int(number) for number in self.rows(_PROGRESS)[0])

    def lines(self):
        """Product and units of each line that was ordered, by order and line."""
        return {(order, int(line)): (product, int(units)) for order, line, product, units
                in self.rows("SELECT order_id, line, product, quantity FROM shop_order_line")}

    def unshipped(self):
        return self.number(_UNSHIPPED)

    def rows(self, sql):
        return self._connection.execute(sql).fetchall()
