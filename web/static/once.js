// Sends a form once where somebody clicks twice: the second answer would be a refusal that hides what the first one said.
"use strict";
{
  // Long enough for an impatient hand; a form whose answer is a file stays on its page and may be sent again.
  const HOLD_MS = 5000;
  const sent = new WeakMap();

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post") return;
    const last = sent.get(form);
    if (last && last.button === event.submitter && event.timeStamp - last.at < HOLD_MS) event.preventDefault();
    else sent.set(form, { button: event.submitter, at: event.timeStamp });
  });
}
