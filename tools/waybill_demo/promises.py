"""The end of the demonstration: what was expected beside what was counted."""

from .books import ORDERS, PRODUCTS, UNITS
from .scene import UNSETTLED


def compare(books, sending, failed, faults):
    """Rows of name, what was expected, what was counted, whether the promise was kept."""
    orders, shipments, units = books.progress()
    bound = UNSETTLED * faults
    resent = books.resent()
    return [
        _exact("orders", ORDERS, orders),
        _exact("messages confirmed", ORDERS, orders - sending - failed),
        ("re-sent, or flagged as maybe so", "as it comes", books.flagged(), True),
        ("re-sent, and both arrived", f"at most {bound:,}", resent, resent <= bound),
        ("delivered twice", "as it comes", books.delivered_twice(), True),
        _exact("delivered twice, not flagged", 0, books.unflagged()),
        _exact("shipments", ORDERS, shipments),
        _exact("products", PRODUCTS, books.products()),
        _exact("units taken", UNITS, units),
        _exact("lost", 0, books.lost()),
        _exact("applied twice", 0, books.applied_twice()),
        _exact("products with a wrong stock", 0, books.unbalanced()),
        _exact("failed", 0, failed),
    ]


def _exact(name, expected, counted):
    return name, f"{expected:,}", counted, counted == expected
