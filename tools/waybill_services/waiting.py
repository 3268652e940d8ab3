"""Waiting for a condition, with a deadline."""

import time


def wait_until(condition, seconds=30.0, what="the condition", every=0.02):
    """Polls `condition` until it gives something true, and returns that; TimeoutError names `what` otherwise."""
    deadline = time.monotonic() + seconds
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() >= deadline:
            raise TimeoutError(f"waited {seconds:g} s in vain for {what}")
        time.sleep(every)
