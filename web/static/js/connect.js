// The part of a card page that finds the agent and pairs with it.
"use strict";

import { Agent, AgentError } from "./agent.js";

export const byId = (id) => document.getElementById(id);

export function wiresOf(place) {
  const data = place.dataset;
  return { open: data.open, step: data.step, end: data.end, token: data.token };
}

// Cookies carry the visit and the session's store the pairing: a browser that blocks them serves no card page.
function mayStore() {
  try { sessionStorage.getItem(""); } catch { return false; }
  return navigator.cookieEnabled;
}

export class Connection {
  constructor(place, words, ready) {
    this.agent = new Agent(place.dataset.agent);
    this.words = words;
    this.ready = ready;
    byId("agent-retry").addEventListener("click", () => this.connect());
    byId("agent-window").addEventListener("click", () => this.throughWindow());
    byId("pairing").addEventListener("submit", (event) => { event.preventDefault(); this.pair(); });
  }

  say(text) { byId("agent-state").textContent = text; }

  async throughWindow() {
    try {
      if (!(await this.agent.openWindow())) { this.say(this.words.popup); return; }
    } catch { this.say(this.words.none); return; }
    await this.connect();
  }

  // Returns how far it got: "blocked", "none", "old", "unpaired" or "paired".
  async connect() {
    if (!mayStore()) {
      this.say(this.words.no_store);
      return this.reached("blocked");
    }
    this.say(this.words.looking);
    let found;
    try { found = await this.agent.version(); } catch (error) {
      byId("agent-missing").hidden = false;
      this.say(error instanceof AgentError && error.message ? error.message : this.words.none);
      return this.reached("none");
    }
    if (!found.fits) {
      byId("agent-missing").hidden = false;
      this.say(this.words.old);
      return this.reached("old");
    }
    byId("agent-missing").hidden = true;
    this.version = found.version;
    this.say(this.words.found.replace("{version}", found.version));
    if (await this.agent.isPaired()) return this.reached("paired");
    return this.askForCode();
  }

  async askForCode() {
    try { await this.agent.showCode(); this.say(this.words.pair); } catch (error) { this.say(error.message); }
    byId("pairing").hidden = false;
    return this.reached("unpaired");
  }

  async pair() {
    const field = byId("f-pairing_code");
    try { await this.agent.pair(field.value); } catch (error) {
      this.say(error.message || this.words.lost_agent);
      if (error.code === "agent.code_spent") setTimeout(() => this.agent.showCode().then(() => this.say(this.words.pair)).catch(() => {}), 10500);
      field.value = "";
      field.focus();
      return;
    }
    field.value = "";
    byId("pairing").hidden = true;
    this.say(this.words.paired);
    await this.reached("paired");
  }

  async reached(stage) { await this.ready(stage, this); return stage; }
}
