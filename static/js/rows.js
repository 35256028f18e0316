// Rows: picking several, what can be done with one, and a quick look at it.

const $ = (selector) => document.querySelector(selector);
const boxes = () => [...document.querySelectorAll("tr[data-image] .c-pick input")];

// Picked rows stay picked while others are shown.
const picked = new Set();
let lastBox = null;

function showPicked() {
  for (const box of boxes()) box.checked = picked.has(box.value);
  const all = $("[data-pick-all]");
  if (all) {
    const count = boxes().filter((box) => box.checked).length;
    all.hidden = false;
    all.checked = count > 0 && count === boxes().length;
    all.indeterminate = count > 0 && !all.checked;
  }
  const form = $("#selection");
  if (!form) return;
  for (const hidden of form.querySelectorAll("input[name=image]")) hidden.remove();
  const shown = new Set(boxes().map((box) => box.value));
  for (const value of picked) {
    if (shown.has(value)) continue;
    form.append(Object.assign(document.createElement("input"), { type: "hidden", name: "image", value }));
  }
  form.toggleAttribute("data-count", picked.size > 0);
  form.querySelector("[data-picked]").textContent = picked.size;
  for (const button of form.querySelectorAll("button[data-most]")) {
    button.disabled = picked.size > Number(button.dataset.most) || picked.size < Number(button.dataset.least ?? 1);
  }
}

function pick(box, checked) {
  if (checked) picked.add(box.value);
  else picked.delete(box.value);
}

document.addEventListener("click", (event) => {
  const box = event.target.closest("tr[data-image] .c-pick input");
  if (box) {
    const all = boxes();
    const [from, to] = [all.indexOf(event.shiftKey && lastBox?.isConnected ? lastBox : box), all.indexOf(box)];
    for (const each of all.slice(Math.min(from, to), Math.max(from, to) + 1)) pick(each, box.checked);
    lastBox = box;
  } else if (event.target.matches("[data-pick-all]")) {
    for (const each of boxes()) pick(each, event.target.checked);
  } else return;
  showPicked();
});

document.addEventListener("reset", (event) => {
  if (event.target.id !== "selection") return;
  picked.clear();
  setTimeout(showPicked);
});

// A row opens its image wherever it is clicked, with the modifiers that a click on its name has; but
// not where there is something else to click, nor where words of it were marked.
document.addEventListener("click", (event) => {
  const row = event.target.closest("tr[data-image]");
  if (!row || event.target.closest("a, button, label, input, .c-do")) return;
  const marked = getSelection();
  if (!marked.isCollapsed && marked.containsNode(row, true)) return;
  row.querySelector(".c-name > a").dispatchEvent(new MouseEvent("click", event));
});

// What can be done with a row stands in a column of its own, in the row that is pointed at or has
// the focus.
const actions = $("#row-actions");
const copyUuid = actions?.querySelector("[data-of=uuid]");
const copyLink = actions?.querySelector("[data-of=link]");
const open = actions?.querySelector("a");

function offerActions(row) {
  const link = row?.querySelector(".c-name > a");
  const place = row?.querySelector(".c-do");
  if (!actions || !link || actions.parentElement === place) return;
  copyUuid.dataset.copy = row.dataset.image;
  copyLink.dataset.copy = link.href;
  open.href = link.href;
  actions.hidden = false;
  place.append(actions);
}

// A quick look, after resting on a name for a moment or with the space bar.
const RESTING = 450;
const look = $("#look");
let lookedAt = null;
let resting = 0;

function lookAt(link) {
  const { pathname, search } = new URL(link.href);
  lookedAt = link;
  const shown = htmx.ajax("GET", `${pathname}look/${search}`, { target: "#look", swap: "innerHTML", source: look });
  shown.catch(() => {}); // guard.js says it
}

function lookAway() {
  clearTimeout(resting);
  lookedAt = null;
  if (look?.matches(":popover-open")) look.hidePopover();
}

function showLook() {
  if (!lookedAt?.isConnected || !look.firstElementChild) return;
  look.showPopover();
  const name = lookedAt.getBoundingClientRect();
  const below = name.bottom + look.offsetHeight + 8 < innerHeight;
  look.style.left = `${Math.max(8, Math.min(name.left + 24, innerWidth - look.offsetWidth - 8))}px`;
  look.style.top = `${Math.max(8, below ? name.bottom + 4 : name.top - look.offsetHeight - 4)}px`;
}

document.addEventListener("pointerover", (event) => {
  const row = event.target.closest?.("tr[data-image]");
  if (row) offerActions(row);
  const link = event.pointerType === "mouse" && event.target.closest?.("tr[data-image] .c-name > a");
  if (link === lookedAt) return;
  if (lookedAt !== document.activeElement) lookAway();
  clearTimeout(resting);
  if (link) resting = setTimeout(() => lookAt(link), RESTING);
});

document.addEventListener("focusin", (event) => {
  const row = event.target.closest("tr[data-image]");
  if (row) offerActions(row);
  if (event.target !== lookedAt) lookAway();
});

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const link = event.target.closest("tr[data-image] .c-name > a");
  if (event.key === " " && link) {
    event.preventDefault();
    if (lookedAt === link) lookAway();
    else lookAt(link);
  } else if (event.key === "Escape" && look?.matches(":popover-open")) {
    event.preventDefault();
    lookAway();
  }
});
document.addEventListener("click", lookAway);
document.addEventListener("scroll", lookAway, true);

document.addEventListener("htmx:beforeSwap", (event) => {
  // The one node that wanders through the rows must not go with them.
  if (event.detail.target.id === "images" && actions) {
    actions.hidden = true;
    $(".workbench").append(actions);
    lookAway();
  }
});
document.addEventListener("htmx:afterSettle", (event) => {
  if (event.detail.target.id === "look") showLook();
  else showPicked();
});
showPicked();
