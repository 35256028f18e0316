// The command palette: whatever one can go to, by its name. Ctrl K opens it, on a Mac ⌘K. The server
// finds; the box keeps the focus, and tells which of the options is meant.

const dialog = document.getElementById("palette");
const box = dialog.querySelector("input");
const found = dialog.querySelector("[data-found]");
const said = dialog.querySelector("[data-said]");
const PAUSE = 80;
const isMac = /Mac|iP/.test(navigator.platform);

let asking = null;
let shownFor = null; // the text that the options are for
let active = -1;
let typing = 0;
let chosenEarly = false; // Enter was faster than the answer

const options = () => [...found.querySelectorAll("[role=option]")];

function mark(place) {
  const all = options();
  active = all.length ? (place + all.length) % all.length : -1;
  for (const [index, each] of all.entries()) each.setAttribute("aria-selected", index === active);
  box.setAttribute("aria-activedescendant", all[active]?.id ?? "");
  all[active]?.scrollIntoView({ block: "nearest" });
}

function show(nodes, text) {
  found.replaceChildren(...nodes);
  shownFor = text;
  mark(0);
  box.setAttribute("aria-expanded", active >= 0);
  said.textContent = found.querySelector("[data-count]")?.dataset.count ?? found.textContent;
  if (chosenEarly) options()[active]?.click();
  chosenEarly = false;
}

function fail(kind) {
  chosenEarly = false;
  const sentence = dialog.querySelector(`[data-trouble=${kind}]`).cloneNode(true);
  const door = sentence.querySelector("a");
  if (door) door.search = new URLSearchParams({ next: `${location.pathname}${location.search}` });
  show([sentence], null);
}

// The images that are selected in the list; with more than four nothing is compared.
function selected() {
  const form = document.getElementById("selection");
  return form ? new FormData(form).getAll("image").slice(0, 5) : [];
}

async function ask() {
  clearTimeout(typing);
  asking?.abort();
  asking = new AbortController();
  const [text, { signal }] = [box.value, asking];
  const query = new URLSearchParams([["q", text], ...selected().map((image) => ["selected", image])]);
  try {
    const headers = { "HX-Request": "true", "HX-Current-URL": location.href };
    const answer = await fetch(`${dialog.dataset.address}?${query}`, { headers, signal });
    const part = await answer.text();
    if (answer.headers.has("X-Fragment")) {
      show(new DOMParser().parseFromString(part, "text/html").body.childNodes, text);
    } else {
      fail(answer.headers.has("HX-Redirect") || answer.status === 401 ? "signed-out" : "away");
    }
  } catch {
    if (!signal.aborted) fail("away");
  }
}

function open() {
  const isQuiet = document.querySelector("[data-shortcuts]")?.checked === false;
  dialog.classList.toggle("is-quiet", isQuiet);
  box.value = "";
  dialog.showModal();
  ask();
}

function choose() {
  if (shownFor === box.value) options()[active]?.click();
  else {
    chosenEarly = true;
    ask();
  }
}

// What is part of the list is swapped into it, all else is another page.
function follow(event, { pathname, search, dataset: { swaps } }) {
  const part = swaps && window.htmx && document.getElementById(swaps);
  if (!part) return;
  event.preventDefault();
  const swap = swaps === "images" ? "outerHTML" : "innerHTML";
  const asked = htmx.ajax("GET", pathname + search, { source: part.closest(".workbench"), target: `#${swaps}`, swap });
  asked.catch(() => {}); // guard.js says it
}

dialog.addEventListener("click", (event) => {
  const option = event.target.closest("[role=option]");
  const elsewhere = event.ctrlKey || event.metaKey || event.shiftKey;
  if (option && elsewhere) return;
  // Before anything is copied: what is said of that is behind the palette.
  if (option || event.target === dialog || event.target.closest("[data-palette-close]")) dialog.close();
  if (option?.href) follow(event, option);
});

dialog.addEventListener("close", () => {
  clearTimeout(typing);
  asking?.abort();
  chosenEarly = false;
  shownFor = null;
  found.replaceChildren();
  said.textContent = "";
  mark(0);
  box.setAttribute("aria-expanded", "false");
});

found.addEventListener("pointermove", (event) => {
  const place = options().indexOf(event.target.closest("[role=option]"));
  if (place >= 0 && place !== active) mark(place);
});

// An input method composes a word of several keys: nothing is asked for before it is there.
function typed(event) {
  clearTimeout(typing);
  if (!event.isComposing) typing = setTimeout(ask, PAUSE);
}

box.addEventListener("compositionstart", () => clearTimeout(typing));
box.addEventListener("compositionend", typed);
box.addEventListener("input", typed);

const KEYS = {
  ArrowDown: () => mark(active + 1),
  ArrowUp: () => mark(active - 1),
  Home: () => mark(0),
  End: () => mark(-1),
  Enter: choose,
};

box.addEventListener("keydown", (event) => {
  if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
  if (!KEYS[event.key]) return;
  event.preventDefault();
  KEYS[event.key]();
});

document.addEventListener("keydown", (event) => {
  const chord = isMac ? event.metaKey && !event.ctrlKey : event.ctrlKey && !event.metaKey;
  // On a keyboard of other letters it is the key where K would be.
  const isK = event.key.toLowerCase() === "k" || (event.code === "KeyK" && event.key > "~");
  if (!chord || !isK || event.altKey || event.shiftKey || event.isComposing) return;
  const other = document.querySelector("dialog[open]");
  if (other && other !== dialog) return;
  event.preventDefault();
  if (dialog.open) dialog.close();
  else open();
});

document.addEventListener("click", (event) => {
  const way = event.target.closest("[data-palette]");
  if (!way || event.defaultPrevented) return;
  event.preventDefault();
  way.closest("dialog")?.close();
  open();
});

if (isMac) for (const key of document.querySelectorAll("kbd[data-chord]")) key.textContent = "⌘K";
