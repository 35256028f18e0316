// The list while it is swapped: what stays as it was, where focus goes, what comes unasked.

const $ = (selector) => document.querySelector(selector);

// What was folded or unfolded stays so when the filters are drawn anew, and so does a search in them.
const folds = new Map();
const searched = new Map();

function keepFolds() {
  for (const group of document.querySelectorAll("details[data-fold]")) {
    const open = folds.get(group.dataset.fold);
    if (open !== undefined) group.open = open;
  }
  for (const box of document.querySelectorAll(".choice-search")) {
    box.hidden = false;
    box.value = searched.get(box.parentElement.dataset.fold) ?? "";
    if (box.value) searchChoices(box);
  }
}

// As the server compares texts: in any case and width.
const folded = (text) => text.normalize("NFKC").toLowerCase();

function searchChoices(box) {
  const part = folded(box.value.trim());
  for (const item of box.parentElement.querySelectorAll("li")) {
    item.hidden = !folded(item.querySelector(".choice-label").textContent).includes(part);
  }
}

document.addEventListener("toggle", (event) => {
  if (event.target.matches?.("details[data-fold]")) folds.set(event.target.dataset.fold, event.target.open);
}, true);

// An input method composes a word of several keys: nothing is searched before it is there.
for (const kind of ["input", "compositionend"]) {
  document.addEventListener(kind, ({ isComposing, target }) => {
    if (isComposing || !target.matches(".choice-search")) return;
    searched.set(target.parentElement.dataset.fold, target.value);
    searchChoices(target);
  });
}

// Each part that scrolls by itself stays where it was; another page of the list starts at its top.
const SCROLLED = [".filters", ".filters-sheet", ".table-wrap", ".panel", ".looks .menu-list"];
let scrolled = [];

function noteScroll(sameRows) {
  scrolled = SCROLLED.map((selector) => {
    const { scrollLeft = 0, scrollTop = 0 } = $(selector) ?? {};
    return [selector, scrollLeft, selector === ".table-wrap" && !sameRows ? 0 : scrollTop];
  });
}

function keepScroll() {
  for (const [selector, left, top] of scrolled) $(selector)?.scrollTo({ left, top, behavior: "instant" });
  scrolled = [];
}

// Which row the panel belongs to.
function markOpenRow() {
  const open = $("#detail [data-detail]")?.dataset.detail;
  for (const row of document.querySelectorAll("tr[data-image]")) {
    if (open && row.dataset.image === open) row.setAttribute("aria-current", "true");
    else row.removeAttribute("aria-current");
  }
}

// Typing searches by itself after a pause, but not while a word is composed, nor for "os:" or "size:>".
const PAUSE = 250;
const UNFINISHED = /(^|\s)-?\w+:[<>=]*$/;
const box = $("#q");
let searchedFor = box?.value;
let typing = 0;

function typed() {
  clearTimeout(typing);
  typing = setTimeout(() => {
    if (box.value !== searchedFor && !UNFINISHED.test(folded(box.value))) box.form.dispatchEvent(new Event("typed"));
  }, PAUSE);
}

box?.addEventListener("compositionstart", () => clearTimeout(typing));
box?.addEventListener("compositionend", typed);
box?.addEventListener("input", (event) => { if (!event.isComposing) typed(); });

// What is asked for is as the box says, or the box says what is asked for.
document.addEventListener("htmx:configRequest", ({ detail: { elt, target } }) => {
  if (!["images", "detail"].includes(target.id)) return; // a quick look, or polling
  clearTimeout(typing);
  if (elt.id === "search") searchedFor = box.value;
});

// One search is one step of Back, however often one pauses while typing it; so is the same list again.
let searching = false;

// The box says what is shown, but never while someone types into it.
function sayAsked() {
  const asked = $("#searched");
  if (!box || !asked) return;
  box.value = searchedFor = asked.dataset.text;
  box.selectionStart = searchedFor.length; // one types on after it
}

box?.addEventListener("blur", () => {
  searching = false;
  if (box.value === searchedFor && !$("#progress.htmx-request")) sayAsked();
});
document.addEventListener("htmx:afterSwap", ({ detail: { target, requestConfig } }) => {
  if (!["images", "detail"].includes(target.id)) return;
  const stays = ["search", "news"].includes(requestConfig?.elt.id) || box.value !== searchedFor;
  if (box !== document.activeElement || !stays) sayAsked();
});
document.addEventListener("htmx:beforeHistoryUpdate", ({ detail: { history: step, requestConfig } }) => {
  const { elt, triggeringEvent } = requestConfig;
  if (elt.id === "news") return;
  const { href } = new URL(step.path, location);
  const ofSearch = elt.id === "search";
  if (href === location.href || (ofSearch && searching)) step.type = "replace";
  searching = ofSearch && triggeringEvent?.type !== "submit";
});

// htmx gives focus back to what has an id. What else was pressed is found again by what it is, or
// what comes in its place.
const AGAIN = [
  ["th a", (link) => `th.${link.parentElement.classList[0]} a`],
  [".pager a[rel]", (link) => `.pager a[rel=${link.rel}]`, ".pager-pages [aria-current]"],
  [".pager-pages a", () => ".pager-pages [aria-current]"],
  [".sorts a", () => ".sorts > summary"],
  [".pager-sizes a", () => ".pager-sizes [aria-current]"],
  [".chip, .chip-clear", () => ".chip", ".looks > summary"],
  [".looks *", ({ name, value }) => `.looks [name="${name}"][value="${value}"]`, ".looks > summary"],
];

function choiceAgain(choice) {
  const facet = `[data-fold="${choice.closest(".facet").dataset.fold}"]`;
  const labelOf = (each) => each.querySelector(".choice-label").textContent;
  const label = labelOf(choice);
  const same = (each) => labelOf(each) === label;
  return () => [...document.querySelectorAll(`${facet} .choice`)].find(same) ?? $(`${facet} > summary`);
}

function finder(element) {
  if (element.matches(".choice")) return choiceAgain(element);
  const [, place, instead] = AGAIN.find(([selector]) => element.matches(selector)) ?? [];
  const selector = place?.(element);
  return () => selector && ($(selector) ?? (instead && $(instead)));
}

let findAgain = null;

function noteFocus() {
  const { activeElement } = document;
  // Two answers may come at once: the second finds the focus that the first has not yet given back.
  if (activeElement !== document.body) findAgain = finder(activeElement);
}

function keepFocus() {
  if (document.activeElement === document.body) findAgain?.()?.focus({ preventScroll: true });
  findAgain = null;
}

let openedFrom = null;

document.addEventListener("click", (event) => {
  const opener = event.target.closest("tr[data-image] .c-name > a");
  if (opener) openedFrom = opener.closest("tr").dataset.image;
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.defaultPrevented) return;
  if (event.target.closest("dialog[open], input, textarea, select")) return;
  $("#detail [data-close]")?.click();
});

// An open page asks for news by itself, but not while nobody sees it.
document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.detail.elt.id === "news" && document.hidden) event.preventDefault();
});

// The answer comes unasked: it changes nothing once the person has moved on, and leaves who stands
// on a row on that row.
document.addEventListener("htmx:beforeSwap", (event) => {
  const { requestConfig, target } = event.detail;
  const unasked = requestConfig.elt.id === "news";
  if (target.id === "images") {
    noteScroll(unasked || requestConfig.elt === document.body);
    noteFocus();
  }
  if (!unasked) return;
  const moving = $("#progress.htmx-request");
  if (moving || requestConfig.headers["HX-Current-URL"] !== location.href) event.preventDefault();
  else if (target.id === "images") {
    openedFrom = document.activeElement.closest("tr[data-image]")?.dataset.image ?? openedFrom;
  }
});

// Nor does it take away what someone is using.
document.addEventListener("htmx:oobBeforeSwap", (event) => {
  const { target } = event.detail;
  if (target.contains(document.activeElement) || target.querySelector("details[open]")) {
    event.detail.shouldSwap = false;
  }
});

document.addEventListener("htmx:afterSettle", (event) => {
  const target = event.detail.target;
  if (target.id === "look") return;
  keepScroll();
  keepFocus();
  markOpenRow();
  if (document.activeElement.dataset.neighbour) return;
  if (target.id === "detail" || event.detail.requestConfig?.elt.dataset.neighbour) {
    $("#detail-title")?.focus({ preventScroll: true });
  } else if (openedFrom && !$("#detail [data-detail]")) {
    $(`tr[data-image="${CSS.escape(openedFrom)}"] .c-name > a`)?.focus();
    openedFrom = null;
  }
});
// Before it is painted: the sheet of filters would flash over the list.
document.addEventListener("htmx:afterSwap", keepFolds);
document.addEventListener("htmx:oobAfterSwap", keepFolds);

keepFolds();
markOpenRow();
sayAsked();
