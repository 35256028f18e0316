// What lies over the list where there is no room beside it: the filters, and on a small screen the
// image. Also skip links, and the signs that a table goes on sideways.

const $ = (selector) => document.querySelector(selector);
const narrow = matchMedia("(width < 60rem)");
const crowded = matchMedia("(width < 88rem)");
const image = () => $("#detail [data-detail]");
const isSheet = () => narrow.matches || (crowded.matches && Boolean(image()));

// Whether the filters are out as a sheet, and whether someone folded them as a column.
let out = false;
let folded = false;
// How they were last drawn. That someone opened or folded them since is seen by that: the event that
// tells of it comes later, and something else may be swapped in before.
let drawn = null;

function note() {
  if (!drawn || drawn.filters.open === drawn.open) return;
  if (drawn.asSheet) out = drawn.filters.open;
  else folded = !drawn.filters.open;
}

function draw() {
  const filters = $(".filters-sheet");
  if (filters) {
    const asSheet = isSheet();
    filters.open = asSheet ? out : !folded;
    drawn = { filters, asSheet, open: filters.open };
  }
  // What is behind a sheet is reached by nothing before the sheet is gone.
  const over = narrow.matches && Boolean(image());
  for (const each of document.querySelectorAll(".masthead, .toolbar, .standing, .filters")) each.inert = over;
  const list = $(".results");
  if (list) list.inert = over || (narrow.matches && out);
}

function arrange() {
  note();
  draw();
}

function bring(isOut) {
  note();
  out = isOut;
  draw();
}

document.addEventListener("toggle", (event) => {
  if (event.target.matches?.(".filters-sheet")) arrange();
}, true);

document.addEventListener("click", (event) => {
  const { target } = event;
  if (!target.isConnected || target.closest("#detail, dialog, [popover]")) return;
  if (out && isSheet() && !target.closest(".filters")) bring(false);
  else if (narrow.matches && image()) $("#detail [data-close]").click();
});

document.addEventListener("keydown", (event) => {
  const filters = $(".filters-sheet[open]");
  if (event.key !== "Escape" || !filters || !isSheet() || event.target.closest("dialog[open]")) return;
  event.preventDefault();
  bring(false);
  filters.querySelector("summary").focus();
});

// A skip link leads to its place without becoming a part of the address.
document.addEventListener("click", (event) => {
  const skip = event.target.closest("a.skip");
  if (!skip) return;
  event.preventDefault();
  if (skip.hash === "#filters" && isSheet()) bring(true);
  $(skip.hash)?.focus();
});

// On which sides a table has more than is seen of it.
function hint(table) {
  const { scrollLeft, scrollWidth, clientWidth } = table;
  table.classList.toggle("has-before", scrollLeft > 1);
  table.classList.toggle("has-after", scrollLeft + clientWidth < scrollWidth - 1);
}

const resized = new ResizeObserver((entries) => {
  for (const each of entries) hint(each.target);
});

function watch() {
  resized.disconnect();
  for (const each of document.querySelectorAll(".table-wrap")) resized.observe(each);
}

document.addEventListener("scroll", (event) => {
  if (event.target.matches?.(".table-wrap")) hint(event.target);
}, true);

function dress() {
  arrange();
  watch();
}

// Before it is painted: the sheet of filters would flash over the list.
document.addEventListener("htmx:afterSwap", dress);
narrow.addEventListener("change", arrange);
crowded.addEventListener("change", arrange);
dress();
