import threading

import pytest

from hardware.call_thread import CallThread
from hardware.errors import ReaderTimeout


@pytest.fixture
def thread():
    made = CallThread("test")
    yield made
    made.finish()


def test_a_call_returns_its_result_from_another_thread(thread):
    assert thread.call(5, threading.get_ident) != threading.get_ident()


def test_a_calls_error_is_raised_where_it_was_asked_for(thread):
    with pytest.raises(ZeroDivisionError):
        thread.call(5, divmod, 1, 0)
    assert thread.call(5, divmod, 7, 2) == (3, 1)


def test_a_call_that_hangs_is_left_behind_and_later_ones_refused(thread):
    hang, done = threading.Event(), threading.Event()
    with pytest.raises(ReaderTimeout):
        thread.call(0.05, hang.wait)
    with pytest.raises(ReaderTimeout):
        thread.call(5, done.set)
    hang.set()
    assert done.wait(5), "what was asked for last is still done when the thread comes free"
