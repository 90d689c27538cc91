// A page of one errand with a card: connect, choose the reader, look at the card, do the errand, show what came of it.
"use strict";

import { Connection, byId, wiresOf } from "./connect.js";
import { forget, spoken, talk } from "./talk.js";

const place = byId("card");
const words = JSON.parse(place.dataset.words);
const wires = wiresOf(place);
const errand = place.dataset.errand;
const extra = JSON.parse(place.dataset.extra || "{}");
const ofStaff = ["log_in", "sign"].includes(errand);
const asks = place.dataset.asks.split(" ").filter(Boolean);
let agent;
let seen;

function show(id, html) {
  const part = byId(id);
  if (html !== undefined) part.innerHTML = html; // Drawn by the registry, which escapes what cards and people say.
  part.hidden = false;
  part.focus();
}

function hide(...ids) { for (const id of ids) byId(id).hidden = true; }

function tell(text) {
  byId("progress").hidden = false;
  byId("progress-words").textContent = text;
  byId("told").textContent = text;
}

// An agent that was started anew knows no page any more: it has to be paired once more, here and at once.
async function pairAgain() {
  hide("reader-part", "details");
  for (const name of ["errand", "activated"]) if (byId(name)) hide(name);
  if (await connection.connect() === "unpaired") byId("f-pairing_code").focus();
}

function trouble(error) {
  hide("progress");
  byId("told").textContent = "";
  if (error.code === "agent.unpaired") { pairAgain(); return; }
  const part = byId("trouble");
  part.replaceChildren(Object.assign(document.createElement("p"), { textContent: error.message || words.failed }));
  if (error.way) {
    const line = document.createElement("p");
    line.append(Object.assign(document.createElement("a"), { href: error.way.address, textContent: error.way.words }));
    part.append(line);
  }
  show("trouble");
}

async function working(act) {
  hide("trouble", "result");
  const buttons = [...place.querySelectorAll("button")];
  for (const button of buttons) button.disabled = true;
  try { await act(); } catch (error) { trouble(error); } finally {
    for (const button of buttons) button.disabled = false;
  }
}

// --- readers ---

function inside(reader) {
  if (!reader.card) return words.empty;
  return reader.number ? words.holds.replace("{number}", reader.number) : words.inserted;
}

function choice(reader, index, chosen) {
  const line = document.createElement("div");
  line.className = "choice";
  const input = Object.assign(document.createElement("input"), { type: "radio", name: "reader", value: reader.name, id: `reader-${index}`, checked: reader === chosen });
  const label = Object.assign(document.createElement("label"), { htmlFor: input.id, textContent: reader.name + inside(reader) });
  line.append(input, label);
  return line;
}

async function listReaders() {
  hide("details", "result", "trouble");
  for (const name of ["errand", "activated"]) if (byId(name)) hide(name);
  try {
    const readers = await agent.readers();
    const chosen = readers.find((reader) => reader.card) || readers[0];
    byId("readers").replaceChildren(...readers.map((reader, index) => choice(reader, index, chosen)));
    byId("reader-part").hidden = false;
    if (!readers.length) trouble({ message: words.no_reader });
  } catch (error) { trouble(spoken(error, words)); }
}

const chosenReader = () => place.querySelector("input[name=reader]:checked")?.value;

async function look() {
  const reader = chosenReader();
  if (!reader) { trouble({ message: words.choose }); return; }
  await working(async () => {
    seen = await talk(agent, wires, "look", { reader }, words, tell);
    const goesOn = asks.length && (seen.known || ofStaff) && !(errand === "activate" && seen.activated);
    hide("progress");
    byId("told").textContent = goesOn ? words.read : words.done;
    show("details", seen.html);
    await forget(wires, seen, words);
    if (errand === "activate" && seen.activated) show("activated");
    else if (goesOn) byId("errand").hidden = false;
  });
}

// --- the errand ---

const value = (name) => byId(`f-${name}`)?.value ?? "";
const weak = (pin) => {
  const steps = new Set([...pin].slice(1).map((digit, at) => (Number(digit) - Number(pin[at]) + 10) % 10));
  const repeated = [1, 2, 3, 4].some((size) => size < pin.length && pin.slice(0, size).repeat(8).slice(0, pin.length) === pin);
  return steps.size === 1 || new Set(pin).size < 3 || repeated;
};

function findings() {
  const found = [];
  const shape = /^[0-9]{6,8}$/;
  if (asks.includes("details_right") && !byId("f-details_right").checked) found.push(["details_right", words.confirm]);
  if (asks.includes("user_code") && !value("user_code")) found.push(["user_code", words.required]);
  for (const name of ["login", "password"]) if (asks.includes(name) && !value(name)) found.push([name, words.required]);
  if (asks.includes("pin") && !shape.test(value("pin"))) found.push(["pin", words.pin_shape]);
  if (!asks.includes("new_pin")) return found;
  const fresh = value("new_pin");
  if (!shape.test(fresh)) found.push(["new_pin", words.pin_shape]);
  else if (weak(fresh)) found.push(["new_pin", words.pin_weak]);
  else if (asks.includes("pin") && fresh === value("pin")) found.push(["new_pin", words.pin_same]);
  if (value("new_pin_again") !== fresh) found.push(["new_pin_again", words.pin_differs]);
  return found;
}

function mark(found) {
  for (const old of place.querySelectorAll(".problem")) old.remove();
  for (const field of byId("errand").querySelectorAll("[aria-invalid]")) {
    field.removeAttribute("aria-invalid");
    field.setAttribute("aria-describedby", field.dataset.described || "");
  }
  for (const [name, text] of found) {
    const field = byId(`f-${name}`);
    const said = Object.assign(document.createElement("p"), { className: "problem", id: `e-${name}`, textContent: text });
    field.closest(".form-field").append(said);
    field.dataset.described ??= field.getAttribute("aria-describedby") || "";
    field.setAttribute("aria-invalid", "true");
    field.setAttribute("aria-describedby", `${field.dataset.described} e-${name}`.trim());
  }
  if (found.length) byId(`f-${found[0][0]}`).focus();
}

async function act() {
  const found = findings();
  mark(found);
  if (found.length) return;
  const fields = { csn: seen.csn, user_code: value("user_code"), ...extra };
  for (const name of ["login", "password"]) if (asks.includes(name)) fields[name] = value(name);
  const pins = { pin: value("pin"), new_pin: value("new_pin") };
  const given = { reader: chosenReader(), fields, pins, goal: place.dataset.goal };
  await working(async () => {
    try {
      const turn = await talk(agent, wires, errand, given, words, tell);
      hide("progress", "errand", "details", "reader-part");
      if (turn.next) { location.assign(turn.next); return; }
      byId("told").textContent = words.done;
      show("result", turn.html);
      await forget(wires, turn, words);
    } finally {
      // What is no secret stays: whoever mistyped a code need not tick and type the rest again.
      for (const secret of byId("errand").querySelectorAll("input[type=password]")) secret.value = "";
    }
  });
}

byId("reader-form").addEventListener("submit", (event) => { event.preventDefault(); look(); });
byId("look-again").addEventListener("click", listReaders);
byId("errand")?.addEventListener("submit", (event) => { event.preventDefault(); act(); });

const connection = new Connection(place, words, async (stage, link) => {
  agent = link.agent;
  if (stage === "paired") await listReaders();
});
connection.connect();
