"""The examples in the docstrings of this room are true."""

import doctest
import importlib

import pytest

MODULES = ("canonical", "card_application", "identifiers", "letters.numerals", "postal", "rocdate")


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_run_as_printed(name):
    outcome = doctest.testmod(importlib.import_module(f"forms.{name}"))
    assert outcome.attempted
    assert not outcome.failed
