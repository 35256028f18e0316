// On every page: local times, copying, menus.

// The page's language, as the person's country writes it.
const language = document.documentElement.lang.split("-")[0];
const locale = navigator.languages.find((each) => each.split("-")[0] === language) ?? language;
const relative = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });
const exact = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "long" });
const day = new Intl.DateTimeFormat(locale, { dateStyle: "medium" });
const weekday = new Intl.DateTimeFormat(locale, { dateStyle: "full" });
const UNITS = [["day", 86_400], ["hour", 3_600], ["minute", 60]];
// From here on the day says more than its distance.
const LONG_AGO = 30 * 86_400;

// A wall screen's own clock may be wrong for years: there the server says what time it is.
const skew = Number(document.body.dataset.now) * 1000 - Date.now() || 0;

function ago(date) {
  const seconds = (date - Date.now() - skew) / 1000;
  if (Math.abs(seconds) >= LONG_AGO) return day.format(date);
  for (const [unit, length] of UNITS) {
    if (Math.abs(seconds) >= length) return relative.format(Math.trunc(seconds / length), unit);
  }
  return relative.format(Math.trunc(seconds), "second");
}

// The server writes a correct absolute time; here it becomes "3 days ago", or the local
// day, exact on hover.
function showTimes() {
  for (const time of document.querySelectorAll("time[data-time]")) {
    const date = new Date(time.dateTime);
    time.textContent = ago(date);
    time.title = exact.format(date);
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

function showCopyButtons() {
  if (!navigator.clipboard) return;
  for (const button of document.querySelectorAll("[data-copy]")) button.hidden = false;
}

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

// What was done is said, for a moment and to those who listen.
const said = document.getElementById("said");
let unsaid = 0;

function say(words) {
  if (!said) return;
  said.textContent = words;
  clearTimeout(unsaid);
  unsaid = setTimeout(() => { said.textContent = ""; }, 2_000);
}

// With a modifier a link opens elsewhere: htmx, which knows that of some links only, never sees it.
document.addEventListener("click", (event) => {
  const elsewhere = event.ctrlKey || event.metaKey || event.shiftKey || event.altKey;
  if (elsewhere && event.target.closest("a[href]")) event.stopImmediatePropagation();
}, true);

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (button) {
    await navigator.clipboard.writeText(button.dataset.copy);
    say(`${said?.dataset.copied} ${button.dataset.copy}`);
  }
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
    event.preventDefault();
  }
});

function dress() {
  showTimes();
  showDays();
  showCopyButtons();
}

// Before it is first painted: afterwards everything would move.
document.addEventListener("htmx:afterSwap", dress);
document.addEventListener("htmx:oobAfterSwap", dress);
dress();
rest();
setInterval(showTimes, document.body.dataset.now ? 1_000 : 10_000);
