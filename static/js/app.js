// On every page: local times, menus.

// The page's language, as the person's country writes it.
const language = document.documentElement.lang.split("-")[0];
const locale = navigator.languages.find((each) => each.split("-")[0] === language) ?? language;
const relative = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });
const exact = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "long" });
const day = new Intl.DateTimeFormat(locale, { dateStyle: "medium" });
const weekday = new Intl.DateTimeFormat(locale, { dateStyle: "full" });
const minute = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" });
const UNITS = [["day", 86_400], ["hour", 3_600], ["minute", 60]];
// From here on the day says more than its distance.
const LONG_AGO = 30 * 86_400;
// Milliseconds in which nobody sends a form twice on purpose.
const DOUBLE_CLICK = 1_000;
// The clocks of two machines may differ by so much.
const A_MOMENT = 60;

// This machine's clock may be wrong, and be set right meanwhile: the server says what time it is, on
// each page and with each answer. Display.js reads the difference, in milliseconds.
const now = () => Date.now() + Number(document.body.dataset.skew);

function setClock(time) {
  document.body.dataset.skew = time - Date.now();
}

const [visit] = performance.getEntriesByType("navigation");
setClock(Number(document.body.dataset.now) * 1000 + (visit ? performance.now() - visit.responseStart : 0));

document.addEventListener("htmx:afterRequest", ({ detail }) => {
  // To the second, cut off: what the page itself said is more exact.
  const told = Date.parse(detail.xhr.getResponseHeader("Date")) + 500;
  if (Math.abs(told - now()) > 1_500) setClock(told);
});

// What has happened is never "in 5 minutes"; only what is due may be.
function ago(date, due) {
  const seconds = (date - now()) / 1000;
  if (seconds > 0 && !due) return seconds < A_MOMENT ? relative.format(0, "second") : minute.format(date);
  if (Math.abs(seconds) >= LONG_AGO) return day.format(date);
  for (const [unit, length] of UNITS) {
    if (Math.abs(seconds) >= length) return relative.format(Math.trunc(seconds / length), unit);
  }
  return relative.format(Math.trunc(seconds), "second");
}

// The server writes a correct absolute time; here it becomes "3 days ago", or the local
// day, exact on hover. Nobody is told that it has become "4 days ago".
function showTimes() {
  for (const time of document.querySelectorAll("time[data-time][datetime]")) {
    const date = new Date(time.dateTime);
    const shown = ago(date, time.dataset.time === "due");
    if (time.textContent !== shown) time.textContent = shown;
    if (time.dataset.shown === time.dateTime) continue;
    time.dataset.shown = time.dateTime;
    time.title = exact.format(date);
    if (time.closest("[role=status], [role=alert], [aria-live]")) time.ariaLive = "off";
  }
}

// The server groups what happened by days in UTC; here they become the person's own.
function showDays() {
  const sections = document.querySelectorAll(".history-day");
  const blank = sections[0]?.cloneNode(true);
  blank?.querySelector("ol").replaceChildren();
  const days = [];
  for (const line of document.querySelectorAll(".history-day li")) {
    const title = weekday.format(new Date(line.querySelector("time").dateTime));
    if (days.at(-1)?.querySelector("h3").textContent !== title) {
      const section = blank.cloneNode(true);
      const heading = section.querySelector("h3");
      heading.textContent = title;
      heading.id = `day-${days.length}`;
      section.setAttribute("aria-labelledby", heading.id);
      days.push(section);
    }
    days.at(-1).querySelector("ol").append(line);
  }
  sections[0]?.replaceWith(...days);
  for (const section of sections) section.remove();
}

// What the server takes for the beginning of yesterday becomes the person's own.
function showYesterday() {
  const link = document.querySelector("a[data-yesterday]");
  if (!link) return;
  const start = new Date(now());
  start.setHours(0, 0, 0, 0);
  start.setDate(start.getDate() - 1);
  const address = new URL(link.href);
  address.searchParams.set("after", start.toISOString());
  link.href = address;
}

// Asking the cloud again right after it was asked brings nothing new: how long the button rests.
function rest() {
  const button = document.querySelector("button[data-rests-until]");
  if (!button) return;
  const { restsUntil, restSeconds } = button.dataset;
  const left = Math.ceil(restsUntil - now() / 1000);
  const resting = left > 0 && left <= restSeconds;
  button.disabled = resting;
  button.querySelector(".rest").textContent = resting ? ` ${left} s` : "";
  if (resting) setTimeout(rest, 250);
}

// With a modifier a link opens elsewhere: htmx, which knows that of some links only, never sees it.
document.addEventListener("click", (event) => {
  const elsewhere = event.ctrlKey || event.metaKey || event.shiftKey || event.altKey;
  if (elsewhere && event.target.closest("a[href]")) event.stopImmediatePropagation();
}, true);

document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

// The second click of a double click sends nothing: what the first one brings is shown.
document.addEventListener("submit", (event) => {
  const { target: form, timeStamp } = event;
  if (event.defaultPrevented || form.method !== "post") return;
  if (timeStamp - Number(form.dataset.sent ?? -DOUBLE_CLICK) < DOUBLE_CLICK) event.preventDefault();
  else form.dataset.sent = timeStamp;
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.target.closest("dialog[open]")) return;
  const menu = document.querySelector("details.menu[open]");
  if (menu) {
    menu.open = false;
    menu.querySelector("summary").focus();
    event.preventDefault();
  }
});

function dress() {
  showTimes();
  showDays();
  showYesterday();
}

// Before it is first painted: afterwards everything would move.
document.addEventListener("htmx:afterSwap", dress);
document.addEventListener("htmx:oobAfterSwap", dress);
dress();
rest();
setInterval(showTimes, 1_000);
