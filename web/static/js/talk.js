// One conversation: the registry says what to send, the agent sends it, the answer goes back. PINs are filled in here,
// on the holder's machine, and go to the agent alone.
"use strict";

import { AgentError } from "./agent.js";

const TRIES = 4;
const PAUSE_MS = 400;

export class RegistryError extends Error {
  // `way` is where to go on from here, {address, words}, when the registry knows one.
  constructor(code, message, way) { super(message); this.code = code; this.way = way; }
}

const pause = (ms) => new Promise((settle) => setTimeout(settle, ms));
const hex = (pin) => [...pin].map((digit) => digit.charCodeAt(0).toString(16).padStart(2, "0")).join("").padEnd(16, "f");

// Posting a step again is harmless: the registry answers it as before. So a lost answer is asked for once more.
async function post(wires, where, body, words) {
  for (let tries = 1; ; tries += 1) {
    try {
      const answer = await fetch(wires[where], {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-CSRFToken": wires.token },
        body: JSON.stringify(body),
      });
      if (answer.status < 500) {
        const said = answer.headers.get("Content-Type") === "application/json" ? await answer.json() : {};
        if (answer.ok) return said;
        const error = said.error || {};
        throw new RegistryError(error.code || "request", error.message || words.failed, error.way);
      }
    } catch (error) {
      if (error instanceof RegistryError) throw error;
    }
    if (tries === TRIES) throw new RegistryError("lost", words.lost);
    await pause(PAUSE_MS * 2 ** tries);
  }
}

function filled(command, pins) {
  let text = command;
  for (const [name, pin] of Object.entries(pins)) text = text.replace(`{${name}}`, hex(pin));
  return text;
}

// Returns what the registry shows at the end: {html} or {next}, and what it said beside.
export async function talk(agent, wires, errand, { reader, fields = {}, pins = {}, goal = "" }, words, tell) {
  let held;
  try { held = await agent.open(reader); } catch (error) { throw spoken(error, words); }
  try {
    tell(words.working);
    let turn = await post(wires, "open", { errand, ...fields }, words);
    while (!turn.done) {
      if (turn.command.includes("{")) tell(words.sending_pin);
      let response;
      try { response = await agent.send(held, filled(turn.command, pins)); } catch (error) { throw spoken(error, words); }
      turn = await post(wires, "step", { session: turn.session, step: turn.step, response, goal }, words);
    }
    return turn;
  } finally {
    await agent.close(held);
  }
}

// What was shown is forgotten by the registry; it would forget by itself after some minutes.
export function forget(wires, turn, words) {
  return post(wires, "end", { session: turn.session }, words).catch(() => {});
}

export function spoken(error, words) {
  return error instanceof AgentError ? error : new AgentError("lost_agent", words.lost_agent);
}
