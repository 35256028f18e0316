// Keyboard shortcuts. None fires while someone types, or with a modifier; all can be switched off, for
// who dictates or touches keys by accident.

const PLACES = { o: "overview", i: "images", c: "changes", t: "tokens" };
const help = document.getElementById("keys");
let going = 0;

const rows = () => [...document.querySelectorAll("tr[data-image]")];
const rowInFocus = () => document.activeElement.closest("tr[data-image]");

function move(by) {
  const panel = document.activeElement.closest("#detail");
  if (panel) {
    panel.querySelector(`[data-neighbour=${by > 0 ? "next" : "previous"}]`)?.click();
    return;
  }
  const all = rows();
  const here = all.indexOf(rowInFocus() ?? document.querySelector("tr[data-image][aria-current]"));
  const next = here < 0 ? (by > 0 ? 0 : all.length - 1) : here + by;
  all[next]?.querySelector(".c-name > a").focus();
}

function copyUuid() {
  const row = rowInFocus();
  (row ?? document.getElementById("detail"))?.querySelector("[data-copy]")?.click();
}

function toFilters() {
  const sheet = document.querySelector(".filters-sheet");
  if (!sheet) return;
  sheet.open = true;
  (sheet.querySelector(".facet[open] a") ?? sheet.querySelector(".facet summary"))?.focus();
}

function pick() {
  rowInFocus()?.querySelector(".c-pick input").click();
}

const ACTIONS = {
  "/": () => document.getElementById("q")?.focus(),
  j: () => move(1),
  k: () => move(-1),
  "[": () => document.querySelector(".pager a[rel=prev]")?.click(),
  "]": () => document.querySelector(".pager a[rel=next]")?.click(),
  f: toFilters,
  c: copyUuid,
  x: pick,
  r: () => document.querySelector("#refresh button:not(:disabled)")?.click(),
  "?": () => help?.showModal(),
  g: () => { going = Date.now(); },
};

// Remembered by the browser, if it remembers anything.
const KEPT = "shortcuts";
const box = document.querySelector("[data-shortcuts]");
try {
  if (box) box.checked = localStorage.getItem(KEPT) !== "off";
} catch { /* on, as long as the page is open */ }

box?.addEventListener("change", () => {
  try {
    localStorage.setItem(KEPT, box.checked ? "on" : "off");
  } catch { /* see above */ }
});

document.addEventListener("keydown", (event) => {
  if (!box?.checked) return;
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (event.target.closest("input, textarea, select, [contenteditable], dialog[open]")) return;
  const place = Date.now() - going < 1_500 && PLACES[event.key];
  going = 0;
  const link = place && document.querySelector(`.places a[data-place="${place}"]`);
  if (!link && !ACTIONS[event.key]) return;
  event.preventDefault();
  if (link) link.click();
  else ACTIONS[event.key]();
});

document.querySelector("[data-keys]")?.addEventListener("click", () => help?.showModal());
