// Keeps what was typed into a form while its page is drawn anew: in the other language, or after a log-in that had ended.
// It stays in this tab's memory, without passwords and files, and only until any other page is opened. Whoever logs in
// after somebody else's log-in has ended finds nothing of theirs: no decision may be taken with another's choice.
"use strict";
{
  const KEY = "guanfang-kept";
  const NOTHING = { getItem: () => null, setItem: () => {}, removeItem: () => {} };
  // A browser that blocks cookies refuses this memory as well, with an error at the first touch.
  const memory = (() => { try { return window.sessionStorage; } catch { return NOTHING; } })();
  const UNKEPT = new Set(["password", "file", "hidden", "submit", "button"]);
  const forms = () => [...document.querySelectorAll("form[data-kept]")];
  const fields = (form) => [...form.elements].filter((one) => one.name && !UNKEPT.has(one.type));
  const ticked = (one) => one.type === "checkbox" || one.type === "radio";
  const chosen = (one) => (ticked(one) ? one.checked : one.value);
  const untouched = (one) => {
    if (ticked(one)) return one.checked === one.defaultChecked;
    if (one.type !== "select-one") return one.value === one.defaultValue;
    const first = [...one.options].findIndex((option) => option.defaultSelected);
    return one.selectedIndex === Math.max(first, 0);
  };

  const put = (form, values) => {
    const places = fields(form);
    if (places.length !== values.length) return;
    places.forEach((one, at) => {
      const [name, value] = values[at];
      if (one.name !== name) return;
      if (ticked(one)) one.checked = value;
      else one.value = value;
    });
    const said = document.createElement("p");
    said.className = "notice notice-info";
    said.setAttribute("role", "status");
    said.textContent = document.body.dataset.keptSaid;
    form.before(said);
  };

  const found = JSON.parse(memory.getItem(KEY) || "null");
  const mine = found && found.by === document.body.dataset.keptBy;
  const form = mine && forms().find((one) => one.dataset.kept === found.form);
  // A form that comes back with its problems holds already what was typed.
  if (form && document.body.dataset.method === "GET") put(form, found.values);
  if (!("waystation" in document.body.dataset)) memory.removeItem(KEY);

  // Whoever logs out leaves nothing to the next person at this computer.
  let forget = false;
  document.addEventListener("submit", (event) => { forget = "forget" in event.target.dataset; });

  window.addEventListener("pagehide", () => {
    const typed = !forget && forms().find((one) => !fields(one).every(untouched));
    if (!typed) return;
    const values = fields(typed).map((one) => [one.name, chosen(one)]);
    memory.setItem(KEY, JSON.stringify({ by: document.body.dataset.keptBy, form: typed.dataset.kept, values }));
  });
}
