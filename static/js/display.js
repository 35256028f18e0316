// The wall screen: its clock, how much of its lists it has room for, and saying so when no news comes
// any more.

const POLL = Number(document.getElementById("screen").dataset.poll) * 1000;
// So many missed polls are no accident.
const SILENT_AFTER = 3.5 * POLL;
const IDLE_AFTER = 3_000;

// As app.js keeps it, by the server's clock.
const now = () => Date.now() + Number(document.body.dataset.skew);
const { lang } = document.documentElement;
const clock = new Intl.DateTimeFormat(lang, { timeStyle: "medium", hourCycle: "h23" });
const minute = new Intl.DateTimeFormat(lang, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const day = new Intl.DateTimeFormat(lang, { day: "numeric", month: "short" });
const number = new Intl.NumberFormat(lang);
// For so long the time of day says which day it was.
const A_DAY = 24 * 3_600_000;
const silence = document.getElementById("silence");
const since = document.getElementById("silent-since");
let heardAt = Date.now();
let shutOut = false;

function heard() {
  heardAt = Date.now();
  since.dateTime = new Date(now()).toISOString();
}

function tick() {
  document.getElementById("clock")?.replaceChildren(clock.format(now()));
  const silent = Date.now() - heardAt > SILENT_AFTER;
  silence.hidden = !silent;
  document.getElementById("no-answer").hidden = shutOut;
  document.getElementById("shut-out").hidden = !shutOut;
  document.body.classList.toggle("is-silent", silent);
}

// Asked for more often than answered: the poll that hangs gives way to the next one.
document.addEventListener("htmx:configRequest", (event) => { event.detail.timeout = 0.8 * POLL; });
// htmx counts as successful whatever it was not told is an error, also a proxy's 502; guard.js lets no
// page of a proxy's in, whatever its status.
document.addEventListener("htmx:afterRequest", (event) => {
  const { xhr, xhr: { status } } = event.detail;
  shutOut = status >= 400 && status < 500;
  if (status >= 200 && status < 300 && xhr.getResponseHeader("X-Fragment")) heard();
});
// Who was signed out stays before the last news, not before a form that nobody fills in.
document.addEventListener("htmx:beforeOnLoad", (event) => {
  const { xhr } = event.detail;
  if (xhr.status >= 400 && !xhr.getResponseHeader("HX-Refresh")) event.preventDefault();
});

// When something began: "11:49", or the day if that is longer ago.
function showClocks() {
  for (const time of document.querySelectorAll("time[data-clock]")) {
    const date = new Date(time.dateTime);
    time.textContent = (now() - date < A_DAY ? minute : day).format(date);
  }
}

// Rows for which there is no room stand beside their list, out of sight.
function countRows() {
  for (const more of document.querySelectorAll("[data-more]")) {
    const list = more.closest("section").querySelector("[data-fits]");
    const { right } = list.getBoundingClientRect();
    const shown = [...list.children].filter((row) => row.getBoundingClientRect().left < right).length;
    const left = more.dataset.of - shown;
    more.hidden = left <= 0;
    more.textContent = more.dataset.more.replace("#", number.format(left));
  }
}

function dress() {
  showClocks();
  countRows();
}

document.addEventListener("htmx:afterSwap", dress);
window.addEventListener("resize", countRows);

let pointed = 0;
function pointing() {
  document.body.classList.remove("is-idle");
  clearTimeout(pointed);
  pointed = setTimeout(() => document.body.classList.add("is-idle"), IDLE_AFTER);
}
document.addEventListener("pointermove", pointing);

heard();
tick();
pointing();
dress();
document.fonts.ready.then(countRows);
setInterval(tick, 1_000);
