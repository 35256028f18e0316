// On every page: the days that lists are cut at are the person's own, as the times in them are.

// As app.js has it.
const language = document.documentElement.lang.split("-")[0];
const locale = navigator.languages.find((each) => each.split("-")[0] === language) ?? language;
const exact = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "long" });
const minute = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" });
const day = new Intl.DateTimeFormat(locale, { dateStyle: "medium" });
const A_DAY = 86_400_000;

const pad = (number) => String(number).padStart(2, "0");

// A day here, as a field has it.
function dayOf(moment) {
  const wall = new Date(moment - new Date(moment).getTimezoneOffset() * 60_000);
  return wall.toISOString().slice(0, 10);
}

function dayAfter(text) {
  return new Date(Date.parse(`${text}T00:00Z`) + A_DAY).toISOString().slice(0, 10);
}

// Where clocks leave out midnight, the day begins with what they show instead.
const begin = (text) => new Date(`${text}T00:00`).getTime();

// When a day begins here, with the offset of that day, which may not be today's.
function written(text) {
  const ahead = Math.round((Date.parse(`${text}T00:00Z`) - begin(text)) / 60_000);
  const minutes = Math.abs(ahead);
  return `${text}T00:00:00${ahead < 0 ? "-" : "+"}${pad(Math.floor(minutes / 60))}:${pad(minutes % 60)}`;
}

// What nobody has changed is asked for as it was, to the millisecond.
function asked({ value, defaultValue, dataset }) {
  if (dataset.bound && value === defaultValue) return dataset.bound;
  return value && written(dataset.day === "last" ? dayAfter(value) : value);
}

// The server takes a bare date for a day in UTC. A form is sent, or read by htmx: both tell.
document.addEventListener("formdata", ({ target, formData }) => {
  for (const field of target.querySelectorAll("input[data-day]")) formData.set(field.name, asked(field));
});

// The day of somewhere else is no day here: it stays as the server says it, with its offset.
function shown(moment, bound) {
  if (!bound) return minute.format(moment);
  return begin(dayOf(moment)) === moment && day.format(bound === "last" ? moment - 1 : moment);
}

function showBounds() {
  for (const field of document.querySelectorAll("input[data-bound]")) {
    const moment = Date.parse(field.dataset.bound);
    field.defaultValue = dayOf(field.dataset.day === "last" ? moment - 1 : moment);
  }
  for (const time of document.querySelectorAll("time[data-bound]")) {
    const moment = Date.parse(time.dateTime);
    time.textContent = shown(moment, time.dataset.bound) || time.textContent;
    time.title = exact.format(time.dataset.bound === "last" ? moment - 1 : moment);
  }
}

// Before it is painted, as in app.js.
document.addEventListener("htmx:afterSwap", showBounds);
document.addEventListener("htmx:oobAfterSwap", showBounds);
showBounds();
