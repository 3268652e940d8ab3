"""What arrived, compared with what was committed."""

from collections import defaultdict
from dataclasses import dataclass


@dataclass
class Audit:
    """The books of one test."""

    committed: int
    delivered: int
    lost: list
    never_committed: list
    sent_twice: int
    unflagged: list
    out_of_order: list

    def expect(self, most_sent_twice=None, ordered=False):
        """Fails the test when a promise is broken."""
        assert not self.lost, f"{len(self.lost)} committed messages were lost, for example {self.lost[:5]}"
        assert not self.never_committed, f"published though never committed: {self.never_committed[:5]}"
        assert not self.unflagged, f"{len(self.unflagged)} re-sends without their flag: {self.unflagged[:5]}"
        if most_sent_twice is not None:
            assert self.sent_twice <= most_sent_twice, f"{self.sent_twice} duplicates, at most {most_sent_twice}"
        if ordered:
            assert not self.out_of_order, f"first arrivals out of order: {self.out_of_order[:5]}"
        return self


def audit(committed, deliveries, broker_died=False):
    """`committed` are ids. With `broker_died`, the same attempt may come again: the broker forgot our acknowledgement."""
    copies = defaultdict(list)
    for delivery in deliveries:
        copies[delivery.id].append(delivery)
    twice, unflagged = 0, []
    for name, arrived in copies.items():
        published = [delivery for delivery in arrived if not delivery.redelivered]
        if broker_died:
            published = list({delivery.attempt: delivery for delivery in published}.values())
        twice += max(0, len(published) - 1)
        if sum(delivery.attempt <= 1 for delivery in published) > 1:
            unflagged.append(name)
    committed = set(committed)
    return Audit(committed=len(committed), delivered=len(deliveries), lost=sorted(committed - copies.keys()),
                 never_committed=sorted(copies.keys() - committed), sent_twice=twice, unflagged=unflagged,
                 out_of_order=_out_of_order(deliveries))


def _out_of_order(deliveries):
    """Payloads are `key:position`: first arrivals of a key whose position is below one that came before."""
    seen, last, wrong = set(), {}, []
    for delivery in deliveries:
        if delivery.id in seen:
            continue
        seen.add(delivery.id)
        key, _, position = delivery.body.decode(errors="replace").partition(":")
        if not position.isdigit():
            continue
        if int(position) < last.get(key, -1):
            wrong.append((delivery.id, key, int(position), last[key]))
        last[key] = max(last.get(key, -1), int(position))
    return wrong
