"""A form that an impatient hand sends twice is sent once."""

from __future__ import annotations

import pytest

from tests.browsing import served

pytestmark = pytest.mark.browser
# Nothing leaves the page: what the page itself let through is noted, then stopped.
PRESSES = """() => {
  const said = [];
  window.addEventListener("submit", (event) => {
    said.push(event.defaultPrevented ? "stopped" : "sent");
    event.preventDefault();
  });
  const form = document.querySelector("main form[method=post]");
  const [one, other] = [form.querySelector("button"), document.createElement("button")];
  form.append(other);
  for (const button of [one, one, other]) form.requestSubmit(button);
  return said;
}"""


def test_the_second_press_of_a_button_sends_nothing_and_another_button_does(chromium, app):
    context = chromium.new_context(locale="zh-TW")
    page = context.new_page()
    with served(app) as address:
        page.goto(f"{address}/login/")
        assert page.evaluate(PRESSES) == ["sent", "stopped", "sent"]
        context.close()
