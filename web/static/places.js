// Narrows the list of districts to the chosen county and fills in the postal code. The form works without it.
"use strict";
for (const district of document.querySelectorAll("select[data-county]")) {
  const county = document.getElementById(district.dataset.county);
  const code = document.getElementById(district.dataset.code);
  const groups = [...district.querySelectorAll("optgroup")];
  const narrow = () => {
    for (const group of groups) {
      const ours = !county.value || group.label === county.value;
      group.hidden = group.disabled = !ours;
    }
    const chosen = district.selectedOptions[0];
    if (chosen && chosen.parentElement.disabled) district.value = "";
  };
  county.addEventListener("change", narrow);
  district.addEventListener("change", () => {
    const chosen = district.selectedOptions[0];
    if (!chosen || !chosen.dataset.postal) return;
    if (!county.value) { county.value = chosen.parentElement.label; narrow(); }
    code.value = chosen.dataset.postal;
  });
  narrow();
}
