"""Messages of a test that only need to be there."""


def persist(store, names, topic="orders.created", **columns):
    with store.transaction() as transaction:
        for name in names:
            transaction.message(topic, f"payload of {name}", id=name, **columns)
