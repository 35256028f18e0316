// What the search box offers below it: values and their counts from the server, and what was searched
// for before, which stays in this browser. The box keeps the focus.

const box = document.getElementById("q");
const list = document.getElementById("suggestions");
const said = document.getElementById("suggested");
const KEPT = `searches.${list.dataset.person}`;
const { children: options } = list;

let asking = null;
let typing = 0;
let active = -1; // the box itself

function mark(place) {
  active = place < -1 ? options.length - 1 : place < options.length ? place : -1;
  for (const [index, each] of [...options].entries()) {
    each.id = `suggestion-${index}`;
    each.setAttribute("aria-selected", index === active);
  }
  box.setAttribute("aria-activedescendant", options[active]?.id ?? "");
  options[active]?.scrollIntoView({ block: "nearest" });
}

function show() {
  list.hidden = !options.length;
  box.setAttribute("aria-expanded", !list.hidden);
  said.textContent = options[0]?.dataset.told ?? "";
  mark(-1);
}

function hide() {
  clearTimeout(typing);
  asking?.abort();
  list.replaceChildren();
  show();
}

function recent() {
  try {
    return JSON.parse(localStorage.getItem(KEPT)) ?? [];
  } catch {
    return [];
  }
}

function keep() {
  const texts = new Set([box.value.trim(), ...recent()].filter(Boolean));
  try {
    localStorage.setItem(KEPT, JSON.stringify([...texts].slice(0, 5)));
  } catch { /* it remembers nothing */ }
}

function option(text) {
  const made = document.importNode(document.getElementById("recent").content, true).firstElementChild;
  made.firstElementChild.textContent = made.dataset.text = text;
  return made;
}

async function ask() {
  asking?.abort();
  asking = new AbortController();
  const query = new URLSearchParams({ q: box.value.slice(0, box.selectionStart) });
  try {
    const answer = box.value && await fetch(`${list.dataset.address}?${query}`, asking);
    if (!answer) list.replaceChildren(...recent().map(option));
    else if (answer.headers.has("X-Fragment")) list.innerHTML = await answer.text();
    show();
  } catch { /* one types on without them */ }
}

function choose({ dataset: { text } }) {
  box.setRangeText(text, 0, box.selectionStart, "end");
  if (text.endsWith(":")) ask();
  else box.form.requestSubmit();
}

const KEYS = {
  ArrowDown: () => (list.hidden ? ask() : mark(active + 1)),
  ArrowUp: () => mark(active - 1),
  Enter: () => choose(options[active]),
  Escape: hide,
};

box.addEventListener("keydown", (event) => {
  const { key } = event;
  if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey || !KEYS[key]) return;
  if (key === "Enter" ? active < 0 : list.hidden && key !== "ArrowDown") return;
  event.preventDefault();
  event.stopPropagation();
  KEYS[key]();
});

// Nothing is asked for before a word is composed.
function typed({ isComposing }) {
  clearTimeout(typing);
  if (!isComposing) typing = setTimeout(ask, 80);
}

box.addEventListener("compositionend", typed);
box.addEventListener("input", typed);
box.addEventListener("click", () => { if (!box.value) ask(); });
box.addEventListener("blur", hide);
box.form.addEventListener("submit", () => { keep(); hide(); });
// A press takes no focus away from the box.
list.addEventListener("pointerdown", (event) => event.preventDefault());
list.addEventListener("click", ({ target }) => {
  const made = target.closest("[role=option]");
  if (made) choose(made);
});

// Without this script it is a field like any other.
box.setAttribute("role", "combobox");
box.setAttribute("aria-autocomplete", "list");
box.setAttribute("aria-controls", list.id);
hide();
