"""Ctrl-C waits for the end of a step, and is not lost."""

import signal
import threading

import pytest

from sklearn_kernelx._interrupts import interrupts_deferred

pytestmark = pytest.mark.usefixtures("heard_interrupts")


def test_deferred_to_the_end():
    done = []
    with pytest.raises(KeyboardInterrupt):
        with interrupts_deferred():
            signal.raise_signal(signal.SIGINT)
            done.append(True)
        done.append(False)
    assert done == [True]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_errors_pass():
    with pytest.raises(ZeroDivisionError):
        with interrupts_deferred():
            1 / 0
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_other_threads_do_not_touch_signals():
    handlers = []

    def work():
        with interrupts_deferred():
            handlers.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert handlers == [signal.default_int_handler]


def test_signals_that_are_ignored_stay_so():
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with interrupts_deferred():
        signal.raise_signal(signal.SIGINT)
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
