// Shows the progress of a batch as the server tells it. Without this script the page reloads itself.
"use strict";

const place = document.getElementById("line-progress");
const source = new EventSource(place.dataset.events);

// Whoever reads or walks the table keeps place and focus; the status is changed, not replaced, so that it is spoken.
function show(event) {
  const fresh = document.createElement("template");
  fresh.innerHTML = JSON.parse(event.data).html;
  const href = place.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
  const focused = place.contains(document.activeElement);
  const left = place.querySelector(".scroll-table").scrollLeft;
  place.querySelector("[role=status]").textContent = fresh.content.querySelector("[role=status]").textContent;
  for (const part of ["progress", ".scroll-table"]) place.querySelector(part).replaceWith(fresh.content.querySelector(part));
  const table = place.querySelector(".scroll-table");
  table.scrollLeft = left;
  if (focused) (href ? [...table.querySelectorAll("a")].find((link) => link.getAttribute("href") === href) || table : table).focus();
}

source.addEventListener("progress", show);
source.addEventListener("ended", (event) => {
  source.close();
  show(event);
  window.location.reload();
});
