// The agent's own window: passes requests of the page that opened it to the agent, and the answers back to that page.
// Messages are taken from the opener alone, at the origin the agent has on its list, and sent to that origin alone.
"use strict";

const page = document.documentElement.dataset.opener;
const state = document.getElementById("state");
const PATHS = ["/version", "/readers", "/pairing", "/pairing/code", "/sessions", "/sessions/exchange", "/sessions/close"];

async function pass(request) {
  if (!PATHS.includes(request.path)) return { status: 404, body: {} };
  const headers = { "X-Guanfang-Page": page, "Content-Type": "application/json" };
  if (request.token) headers.Authorization = `Bearer ${request.token}`;
  // Always POST: a browser names the origin of a GET to one's own house only sometimes.
  const answer = await fetch(request.path, { method: "POST", headers, body: JSON.stringify(request.body || {}) });
  return { status: answer.status, body: await answer.json() };
}

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
