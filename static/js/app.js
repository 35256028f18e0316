// What htmx cannot do: local times, copying, and keeping focus and the search box in step.

const relative = new Intl.RelativeTimeFormat(document.documentElement.lang, { numeric: "auto" });
const exact = new Intl.DateTimeFormat(document.documentElement.lang, {
  dateStyle: "medium", timeStyle: "long",
});
const UNITS = [
  ["year", 31_557_600], ["month", 2_629_800], ["day", 86_400], ["hour", 3_600], ["minute", 60],
];

// A wall screen's own clock may be wrong for years: there the server says what time it is.
const skew = Number(document.body.dataset.now) * 1000 - Date.now() || 0;

function ago(date) {
  const seconds = (date - Date.now() - skew) / 1000;
  for (const [unit, length] of UNITS) {
    if (Math.abs(seconds) >= length) return relative.format(Math.trunc(seconds / length), unit);
  }
  return relative.format(Math.trunc(seconds), "second");
}

// The server writes a correct absolute time; here it becomes "3 days ago", exact on hover.
function showTimes(root = document) {
  for (const time of root.querySelectorAll("time[data-time]")) {
    const date = new Date(time.dateTime);
    time.textContent = ago(date);
    time.title = exact.format(date);
  }
}

function showCopyButtons(root = document) {
  if (!navigator.clipboard) return;
  for (const button of root.querySelectorAll("[data-copy]")) button.hidden = false;
}

// Which row the panel belongs to.
function markOpenRow() {
  const open = document.querySelector("#detail [data-detail]")?.dataset.detail;
  for (const row of document.querySelectorAll("tr[data-image]")) {
    if (open && row.dataset.image === open) row.setAttribute("aria-current", "true");
    else row.removeAttribute("aria-current");
  }
}

function syncSearchBox() {
  const box = document.getElementById("q");
  if (box && box !== document.activeElement) {
    box.value = new URLSearchParams(location.search).get("q") ?? "";
  }
}

// What was folded or unfolded stays so when the filters are drawn anew, and so does a search in them.
const folds = new Map();
const narrowed = new Map();

function keepFolds() {
  for (const group of document.querySelectorAll("details[data-fold]")) {
    const open = folds.get(group.dataset.fold);
    if (open !== undefined) group.open = open;
  }
  for (const box of document.querySelectorAll(".choice-search")) {
    box.hidden = false;
    box.value = narrowed.get(box.parentElement.dataset.fold) ?? "";
    if (box.value) narrow(box);
  }
}

function narrow(box) {
  const part = box.value.trim().toLowerCase();
  for (const item of box.parentElement.querySelectorAll("li")) {
    item.hidden = !item.querySelector(".choice-label").textContent.toLowerCase().includes(part);
  }
}

document.addEventListener("click", (event) => {
  const group = event.target.closest("details[data-fold] > summary")?.parentElement;
  if (group) folds.set(group.dataset.fold, !group.open);
});

document.addEventListener("input", (event) => {
  if (!event.target.matches(".choice-search")) return;
  narrowed.set(event.target.parentElement.dataset.fold, event.target.value);
  narrow(event.target);
});

// Asking the cloud again right after it was asked brings nothing new: how long the button rests. By
// this machine's clock, which may be wrong, so never longer than the rest is.
function rest() {
  const button = document.querySelector("button[data-rests-until]");
  if (!button) return;
  const { restsUntil, restSeconds } = button.dataset;
  const left = Math.ceil(restsUntil - Date.now() / 1000);
  const resting = left > 0 && left <= restSeconds;
  button.disabled = resting;
  button.querySelector(".rest").textContent = resting ? ` ${left} s` : "";
  if (resting) setTimeout(rest, 250);
}

function dress(root) {
  showTimes(root);
  keepFolds();
  showCopyButtons(root);
  markOpenRow();
}

let openedFrom = null;

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (button) {
    await navigator.clipboard.writeText(button.dataset.copy);
    button.classList.add("copied");
    setTimeout(() => button.classList.remove("copied"), 1500);
  }
  const opener = event.target.closest("tr[data-image] a");
  if (opener) openedFrom = opener.closest("tr").dataset.image;
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.target.closest("dialog[open]")) return;
  const menu = document.querySelector("details.menu[open]");
  if (menu) {
    menu.open = false;
    menu.querySelector("summary").focus();
  } else if (!event.target.closest("input, textarea, select")) {
    document.querySelector("#detail [data-close]")?.click();
  }
});

// The answer about running jobs comes unasked. It changes nothing once the person has moved on, and
// leaves who stands on a row on that row.
document.addEventListener("htmx:beforeSwap", (event) => {
  const { requestConfig, target } = event.detail;
  if (requestConfig.elt.id !== "jobs") return;
  const moving = document.querySelector("#progress.htmx-request");
  if (moving || requestConfig.headers["HX-Current-URL"] !== location.href) event.preventDefault();
  else if (target.id === "images") {
    openedFrom = document.activeElement.closest("tr[data-image]")?.dataset.image ?? openedFrom;
  }
});

document.addEventListener("htmx:afterSettle", (event) => {
  const target = event.detail.target;
  dress(document);
  if (target.id === "detail") {
    document.getElementById("detail-title")?.focus({ preventScroll: true });
  } else if (openedFrom && !document.querySelector("#detail [data-detail]")) {
    document.querySelector(`tr[data-image="${CSS.escape(openedFrom)}"] a`)?.focus();
    openedFrom = null;
  }
});
document.addEventListener("htmx:pushedIntoHistory", syncSearchBox);

// A narrow screen starts with the filters folded; without this script they are simply open.
if (matchMedia("(width < 60rem)").matches) {
  document.querySelector(".filters-sheet")?.removeAttribute("open");
}
dress(document);
rest();
setInterval(showTimes, document.body.dataset.now ? 1_000 : 10_000);
