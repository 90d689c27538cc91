// Speaks to the card agent on this machine: directly, or through the agent's own window where the browser refuses that.
"use strict";

const TOKEN = "guanfang-agent-token";
const PROTOCOL = 1;
const WINDOW_MS = 15000;

export class AgentError extends Error {
  constructor(code, message) { super(message); this.code = code; }
}

// The direct way. A refused connection and a browser's own refusal look alike to a page.
function direct(address) {
  return async (path, body, token) => {
    const headers = {};
    if (body !== undefined) headers["Content-Type"] = "application/json";
    if (token) headers.Authorization = `Bearer ${token}`;
    const options = { method: body === undefined ? "GET" : "POST", headers, credentials: "omit", cache: "no-store" };
    if (body !== undefined) options.body = JSON.stringify(body);
    const answer = await fetch(address + path, options);
    return { status: answer.status, body: await answer.json() };
  };
}

// The way through the agent's window: messages to its origin alone, and from its origin and window alone.
function throughWindow(address, opened) {
  const waiting = new Map();
  let last = 0;
  window.addEventListener("message", (event) => {
    if (event.origin !== address || event.source !== opened || !event.data || event.data.guanfang !== "answer") return;
    const settle = waiting.get(event.data.id);
    waiting.delete(event.data.id);
    if (settle) settle(event.data);
  });
  return (path, body, token) => new Promise((settle, fail) => {
    if (opened.closed) { fail(new TypeError("the agent's window is closed")); return; }
    last += 1;
    const id = last;
    waiting.set(id, (answer) => (answer.status ? settle(answer) : fail(new TypeError("the agent does not answer"))));
    opened.postMessage({ guanfang: "request", id, path, body, token }, address);
    setTimeout(() => { if (waiting.delete(id)) fail(new TypeError("the agent does not answer")); }, 60000);
  });
}

function opening(address, opened) {
  return new Promise((settle, fail) => {
    const timer = setTimeout(() => { stop(); fail(new TypeError("the agent's window did not open")); }, WINDOW_MS);
    const hear = (event) => {
      if (event.origin !== address || event.source !== opened || !event.data || event.data.guanfang !== "ready") return;
      stop();
      settle();
    };
    const stop = () => { clearTimeout(timer); window.removeEventListener("message", hear); };
    window.addEventListener("message", hear);
  });
}

export class Agent {
  constructor(address) {
    this.address = address;
    this.way = direct(address);
    this.english = document.documentElement.lang === "en";
  }

  get token() { return sessionStorage.getItem(TOKEN) || ""; }

  // Open the agent's window; to be called within a click, or the browser blocks it. False when it was blocked.
  async openWindow() {
    const opened = window.open(`${this.address}/popup?origin=${encodeURIComponent(location.origin)}`, "guanfang-agent", "popup,width=460,height=420");
    if (!opened) return false;
    await opening(this.address, opened);
    this.way = throughWindow(this.address, opened);
    return true;
  }

  async call(path, body) {
    const answer = await this.way(path, body, this.token);
    if (answer.status === 200) return answer.body;
    const said = answer.body.error || {};
    if (said.code === "agent.unpaired") sessionStorage.removeItem(TOKEN);
    throw new AgentError(said.code || "agent.failed", (this.english ? said.en : said.zh) || "");
  }

  async version() {
    const said = await this.call("/version");
    return { version: said.version, fits: said.protocol === PROTOCOL };
  }

  async isPaired() {
    if (!this.token) return false;
    try { await this.call("/readers"); return true; } catch (error) {
      if (error instanceof AgentError && error.code === "agent.unpaired") return false;
      if (error instanceof AgentError) return true;
      throw error;
    }
  }

  showCode() { return this.call("/pairing", {}); }

  async pair(code) {
    const said = await this.call("/pairing/code", { code });
    sessionStorage.setItem(TOKEN, said.token);
  }

  async readers() { return (await this.call("/readers")).readers; }

  async open(reader) {
    const { session } = await this.call("/sessions", { reader });
    // A page that is left in the middle lets its card go, so that the next one need not wait for the agent to do it.
    this.leaving = () => this.letGo(session);
    window.addEventListener("pagehide", this.leaving);
    return session;
  }

  letGo(session) {
    const headers = { "Content-Type": "application/json", Authorization: `Bearer ${this.token}` };
    fetch(`${this.address}/sessions/close`, { method: "POST", headers, body: JSON.stringify({ session }), keepalive: true }).catch(() => {});
  }

  async send(session, command) { return (await this.call("/sessions/exchange", { session, command })).response; }

  async close(session) {
    window.removeEventListener("pagehide", this.leaving);
    try { await this.call("/sessions/close", { session }); } catch { /* The agent lets go by itself after a minute. */ }
  }
}
