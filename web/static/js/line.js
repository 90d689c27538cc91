// Shows the progress of a batch as the server tells it. Without this script the page reloads itself.
const place = document.getElementById("line-progress");
const source = new EventSource(place.dataset.events);
const show = (event) => {
  place.innerHTML = JSON.parse(event.data).html;
};
source.addEventListener("progress", show);
source.addEventListener("ended", (event) => {
  source.close();
  show(event);
  window.location.reload();
});
