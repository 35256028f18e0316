// The wall screen: its clock, and saying so when no news comes any more.

const POLL = Number(document.getElementById("screen").dataset.poll) * 1000;
// So many missed polls are no accident.
const SILENT_AFTER = 3.5 * POLL;
const IDLE_AFTER = 3_000;

const skew = Number(document.body.dataset.now) * 1000 - Date.now();
const clock = new Intl.DateTimeFormat(document.documentElement.lang, { timeStyle: "medium", hourCycle: "h23" });
const silence = document.getElementById("silence");
const since = document.getElementById("silent-since");
let heardAt = Date.now();
let shutOut = false;

function heard() {
  heardAt = Date.now();
  since.dateTime = new Date(heardAt + skew).toISOString();
}

function tick() {
  document.getElementById("clock")?.replaceChildren(clock.format(Date.now() + skew));
  const silent = Date.now() - heardAt > SILENT_AFTER;
  silence.hidden = !silent;
  document.getElementById("no-answer").hidden = shutOut;
  document.getElementById("shut-out").hidden = !shutOut;
  document.body.classList.toggle("is-silent", silent);
}

// Asked for more often than answered: the poll that hangs gives way to the next one.
document.addEventListener("htmx:configRequest", (event) => { event.detail.timeout = 0.8 * POLL; });
// htmx counts as successful whatever it was not told is an error, also a proxy's 502.
document.addEventListener("htmx:afterRequest", (event) => {
  const { status } = event.detail.xhr;
  shutOut = status >= 400 && status < 500;
  if (status >= 200 && status < 300) heard();
});
// Who was signed out stays before the last news, not before a form that nobody fills in.
document.addEventListener("htmx:beforeOnLoad", (event) => {
  const { xhr } = event.detail;
  if (xhr.status >= 400 && !xhr.getResponseHeader("HX-Refresh")) event.preventDefault();
});

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
setInterval(tick, 1_000);
