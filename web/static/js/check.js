// The check of this computer: each item waits, passes in blue, or fails in red with a way to mend it (ENV-01).
"use strict";

import { Connection, byId } from "./connect.js";

const place = byId("card");
const words = JSON.parse(place.dataset.words);
const ITEMS = ["browser", "agent", "version", "pairing", "reader", "card"];

function set(item, state, said = "") {
  const line = byId(`check-${item}`);
  line.className = `check check-${state}`;
  line.querySelector(".check-state").textContent = words[`check_${state}`];
  line.querySelector(".check-said").textContent = said;
  line.querySelector(".check-fix").hidden = state !== "failed";
}

function summary() {
  const failed = ITEMS.filter((item) => byId(`check-${item}`).classList.contains("check-failed"));
  const open = ITEMS.some((item) => byId(`check-${item}`).classList.contains("check-waiting"));
  byId("check-summary").textContent = failed.length || open ? words.check_failed : words.check_passed;
}

async function readers(connection) {
  try {
    const found = await connection.agent.readers();
    set("reader", found.length ? "passed" : "failed", found.map((one) => one.name).join("、") || words.no_reader);
    const cards = found.filter((one) => one.card);
    set("card", cards.length ? "passed" : "failed", cards.map((one) => one.number || one.name).join("、"));
  } catch (error) { set("reader", "failed", error.message); }
}

const connection = new Connection(place, words, async (stage, link) => {
  for (const item of ITEMS) set(item, "waiting");
  set("browser", stage === "blocked" ? "failed" : "passed", stage === "blocked" ? words.no_store : "");
  if (stage === "blocked") { summary(); return; }
  set("agent", stage === "none" ? "failed" : "passed");
  if (stage !== "none") set("version", stage === "old" ? "failed" : "passed", link.version || "");
  if (stage === "paired" || stage === "unpaired") set("pairing", stage === "paired" ? "passed" : "failed");
  if (stage === "paired") await readers(link);
  summary();
});

byId("check-again").addEventListener("click", () => connection.connect());
byId("fix-reader").addEventListener("click", () => connection.connect());
byId("fix-card").addEventListener("click", () => connection.connect());
byId("fix-pairing").addEventListener("click", () => byId("f-pairing_code").focus());
connection.connect();
