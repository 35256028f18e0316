// Columns by hand: their widths, which this browser keeps, and their order, which is a person's and
// in the address. The menu of columns has a button for each.

const $ = (selector) => document.querySelector(selector);
const KEPT = "columns.widths";
const [LEAST, MOST, STEP] = [48, 1_200, 24];
const sheet = new CSSStyleSheet();
document.adoptedStyleSheets.push(sheet);

function kept() {
  try {
    return JSON.parse(localStorage.getItem(KEPT)) ?? {};
  } catch {
    return {};
  }
}

let widths = kept();

function draw() {
  sheet.replaceSync(Object.entries(widths).map(([name, width]) => `
    .images :is(th, td).c-${CSS.escape(name)} {
      width: ${width}px; min-width: ${width}px; max-width: ${width}px; overflow: hidden; text-overflow: ellipsis;
    }
    .images .c-${CSS.escape(name)} > a { max-width: none; }`).join(""));
  for (const button of document.querySelectorAll("[data-width]")) button.hidden = false;
  const reset = $("[data-widths]");
  if (reset) reset.hidden = !Object.keys(widths).length;
}

function resize(name, width) {
  if (width === null) delete widths[name];
  else widths[name] = Math.round(Math.min(MOST, Math.max(LEAST, width)));
  draw();
}

function keep() {
  try {
    localStorage.setItem(KEPT, JSON.stringify(widths));
  } catch { /* Where nothing can be kept, widths last as long as the page. */ }
}

const nameOf = (heading) => [...heading.classList].find((each) => each.startsWith("c-")).slice(2);
const headingOf = (name) => $(`.images thead .c-${CSS.escape(name)}`);

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-width], [data-widths]");
  if (!button) return;
  const { column, width } = button.dataset;
  if (column) resize(column, headingOf(column).offsetWidth + width * STEP);
  else {
    widths = {};
    draw();
    $(".looks > summary").focus();
  }
  keep();
});

// A heading's right end widens its column, the rest of it takes the column elsewhere. By mouse or
// pen alone: a finger scrolls.
const EDGE = 8;
const STARTS = 8; // px that a press moves before it is no click
let drag = null;

function edge(event) {
  const heading = event.target.closest?.(".images thead th");
  if (!heading || event.pointerType === "touch") return null;
  return heading.getBoundingClientRect().right - event.clientX < EDGE ? heading : null;
}

function mark(name, heading) {
  for (const each of document.querySelectorAll(`.images thead .${name}`)) each.classList.remove(name);
  heading?.classList.add(name);
}

function showDrop(event) {
  const { heading } = drag;
  heading.classList.add("is-moved");
  const headings = [...document.querySelectorAll(".images thead th:not(.c-name)")].filter((each) => each.offsetWidth);
  const before = headings.find((each) => {
    const { left, width } = each.getBoundingClientRect();
    return event.clientX < left + width / 2;
  });
  drag.before = before ? nameOf(before) : "";
  mark("drop-before", before);
  mark("drop-after", before ? null : headings.at(-1));
}

document.addEventListener("pointerdown", (event) => {
  const heading = event.target.closest?.(".images thead th");
  if (!heading || event.button || event.pointerType === "touch") return;
  const at = edge(event);
  drag = { heading, from: event.clientX, width: at && at.offsetWidth };
});

document.addEventListener("pointermove", (event) => {
  if (!drag) {
    if (event.target.closest?.(".images thead")) mark("at-edge", edge(event));
    return;
  }
  const by = event.clientX - drag.from;
  if (drag.width) resize(nameOf(drag.heading), drag.width + by);
  else if (!drag.heading.matches(".c-name") && (drag.moves ||= Math.abs(by) > STARTS)) showDrop(event);
});

document.addEventListener("pointerup", () => {
  if (!drag) return;
  const { heading, width, moves, before } = drag;
  drag = null;
  mark("drop-before", null);
  mark("drop-after", null);
  mark("is-moved", null);
  if (width) keep();
  if (!width && !moves) return;
  // What follows is the click that the press would have been.
  const stop = (event) => event.target.closest?.(".images thead") && (event.preventDefault(), event.stopImmediatePropagation());
  addEventListener("click", stop, { capture: true, once: true });
  setTimeout(() => removeEventListener("click", stop, true));
  const name = nameOf(heading);
  if (!moves || name === before) return;
  const looks = $("#looks");
  const button = Object.assign(document.createElement("button"), { name: "move", value: `${name}/${before}` });
  looks.append(button);
  button.click();
  button.remove();
});

document.addEventListener("dblclick", (event) => {
  const heading = edge(event);
  if (!heading) return;
  resize(nameOf(heading), null);
  keep();
});

document.addEventListener("pointerout", (event) => {
  if (!drag && event.target.closest?.(".images thead")) mark("at-edge", null);
});

document.addEventListener("dragstart", (event) => {
  if (event.target.closest?.(".images thead")) event.preventDefault();
});

document.addEventListener("htmx:afterSwap", draw);
draw();
