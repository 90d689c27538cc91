// The agent's own window: passes requests of the page that opened it to the agent, and the answers back to that page.
// Messages are taken from the opener alone, at the origin the agent has on its list, and sent to that origin alone.
"use strict";

const page = document.documentElement.dataset.opener;
const state = document.getElementById("state");
const PATHS = ["/version", "/readers", "/pairing", "/pairing/code", "/sessions", "/sessions/exchange", "/sessions/close"];

const held = new Map();

function send(path, token, body, keepalive = false) {
  const headers = { "X-Guanfang-Page": page, "Content-Type": "application/json" };
  if (token) headers.Authorization = `Bearer ${token}`;
  // Always POST: a browser names the origin of a GET to one's own house only sometimes.
  return fetch(path, { method: "POST", headers, body: JSON.stringify(body || {}), keepalive });
}

async function pass(request) {
  if (!PATHS.includes(request.path)) return { status: 404, body: {} };
  const answer = await send(request.path, request.token, request.body);
  const body = await answer.json();
  if (request.path === "/sessions" && answer.ok) held.set(body.session, request.token);
  if (request.path === "/sessions/close") held.delete(request.body.session);
  return { status: answer.status, body };
}

// A page that was left in the middle can't say so; the next one opens this window anew, and finds the card free.
window.addEventListener("pagehide", () => {
  for (const [session, token] of held) send("/sessions/close", token, { session }, true).catch(() => {});
});

window.addEventListener("message", async (event) => {
  if (event.origin !== page || event.source !== window.opener) return;
  const request = event.data;
  if (!request || request.guanfang !== "request") return;
  let answer;
  try { answer = await pass(request); } catch { answer = { status: 0, body: {} }; }
  event.source.postMessage({ guanfang: "answer", id: request.id, ...answer }, page);
});

if (window.opener) {
  window.opener.postMessage({ guanfang: "ready" }, page);
  state.textContent = "已連線 Connected";
} else {
  state.textContent = "請由網頁開啟這個視窗。 Open this window from the page.";
}
