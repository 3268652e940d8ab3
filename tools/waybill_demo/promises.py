"""The end of a play: what was expected beside what was counted, and whether that is as promised."""

from .stage import UNSETTLED


def exact(name, expected, counted):
    return name, f"{expected:,}", counted, counted == expected


def deliveries(books, faults, marks_redelivery):
    """What came twice, and whether it said so."""
    bound = UNSETTLED * faults
    resent = books.resent()
    unflagged = ("delivered twice, not flagged", "the broker can't say", books.unflagged(), True)
    if marks_redelivery:
        unflagged = exact("delivered twice, not flagged", 0, books.unflagged())
    return [
        ("re-sent, or flagged as maybe so", "as it comes", books.flagged(), True),
        ("re-sent, and both arrived", f"at most {bound:,}", resent, resent <= bound),
        ("delivered twice", "as it comes", books.delivered_twice(), True),
        unflagged,
    ]
