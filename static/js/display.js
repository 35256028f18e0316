// The wall screen: its clock, and saying so when no news comes any more.

// So many missed polls are no accident.
const SILENT_AFTER = 35_000;

const skew = Number(document.body.dataset.now) * 1000 - Date.now();
const clock = new Intl.DateTimeFormat(document.documentElement.lang, { timeStyle: "medium", hourCycle: "h23" });
const silence = document.getElementById("silence");
const since = document.getElementById("silent-since");
let heardAt = Date.now();

function heard() {
  heardAt = Date.now();
  since.dateTime = new Date(heardAt + skew).toISOString();
}

function tick() {
  document.getElementById("clock")?.replaceChildren(clock.format(Date.now() + skew));
  const silent = Date.now() - heardAt > SILENT_AFTER;
  silence.hidden = !silent;
  document.body.classList.toggle("is-silent", silent);
}

// Asked for more often than answered: the poll that hangs gives way to the next one.
document.addEventListener("htmx:configRequest", (event) => { event.detail.timeout = 8_000; });
document.addEventListener("htmx:afterRequest", (event) => { if (event.detail.successful) heard(); });

let pointed = 0;
document.addEventListener("pointermove", () => {
  document.body.classList.remove("is-idle");
  clearTimeout(pointed);
  pointed = setTimeout(() => document.body.classList.add("is-idle"), 3_000);
});

heard();
tick();
setInterval(tick, 1_000);
