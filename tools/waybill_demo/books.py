"""What the shop's database says: how far everything is, and in the end whether the books balance."""

import sqlite3

# From the sample itself: 9,994 lines.
ORDERS, PRODUCTS, UNITS = 5_009, 1_862, 37_873

_PROGRESS = """SELECT (SELECT count(*) FROM shop_order), (SELECT count(*) FROM shop_shipment),
                      (SELECT coalesce(sum(units), 0) FROM shop_movement)"""
_DELIVERIES = "SELECT count(*) FROM shop_delivery"
# Whatever a killed relay may have sent already is flagged, whether it had or not: only the broker could know.
_FLAGGED = "SELECT count(DISTINCT message_id) FROM shop_delivery WHERE attempt > 1"
_TWICE = """SELECT count(*) FROM (SELECT 1 FROM shop_delivery GROUP BY service, message_id HAVING count(*) > 1) AS pairs"""
_BOTH = """SELECT count(DISTINCT message_id) FROM (SELECT message_id FROM shop_delivery GROUP BY service, message_id
                                                   HAVING count(DISTINCT attempt) > 1) AS pairs"""
_UNFLAGGED = """SELECT count(*) FROM (SELECT 1 FROM shop_delivery WHERE attempt = 1 AND redelivered = 0
                                      GROUP BY service, message_id HAVING count(*) > 1) AS pairs"""
_PRODUCTS = "SELECT count(DISTINCT product) FROM shop_movement"
_LOST = """SELECT (SELECT count(*) FROM shop_order o
                    WHERE NOT EXISTS (SELECT 1 FROM shop_shipment s WHERE s.order_id = o.id))
                + (SELECT count(*) FROM shop_order_line l
                    WHERE NOT EXISTS (SELECT 1 FROM shop_movement m WHERE m.order_id = l.order_id AND m.line = l.line))"""
_REPEATED = """SELECT (SELECT count(*) - count(DISTINCT order_id) FROM shop_shipment)
                    + (SELECT count(*) FROM (SELECT 1 FROM shop_movement GROUP BY order_id, line
                                              HAVING count(*) > 1) AS lines)"""
# Each line raises the product's version by one and takes exactly what was put on stock for it.
_UNBALANCED = """SELECT count(*) FROM shop_stock s WHERE s.units <> 0 OR s.version <>
                   1 + (SELECT count(*) FROM shop_order_line l WHERE l.product = s.product)"""
_INDEX = "CREATE INDEX IF NOT EXISTS shop_{table}_key ON shop_{table} ({columns})"


class Books:
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
        """Orders, shipments, units taken."""
        return tuple(int(number) for number in self._connection.execute(_PROGRESS).fetchone())

    def deliveries(self):
        return self._number(_DELIVERIES)

    def flagged(self):
        """Messages that were re-sent, or may have been."""
        return self._number(_FLAGGED)

    def resent(self):
        """Messages that were certainly re-sent: the first and the second one both arrived."""
        return self._number(_BOTH)

    def delivered_twice(self):
        return self._number(_TWICE)

    def unflagged(self):
        return self._number(_UNFLAGGED)

    def products(self):
        return self._number(_PRODUCTS)

    def lost(self):
        return self._number(_LOST)

    def applied_twice(self):
        return self._number(_REPEATED)

    def unbalanced(self):
        return self._number(_UNBALANCED)

    def _number(self, sql):
        return int(self._connection.execute(sql).fetchone()[0])
