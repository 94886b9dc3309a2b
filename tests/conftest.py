"""What tests of several subjects need of the process they run in."""

import signal

import pytest


@pytest.fixture
def heard_interrupts():
    """Ctrl-C raises, also where the tests run in the background and ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
