// What is said once after something that the person did, to those who listen: how many there are
// now, what is selected. What was copied is seen as well. Nothing that comes by itself is said.

const said = document.getElementById("said");
const SEEN_FOR = 2_000;
const LEGIBLE_FOR = 8_000;
let unsaid = 0;

function say(words, { seen = 0 } = {}) {
  if (!said || !words) return;
  said.classList.toggle("is-seen", seen > 0);
  said.textContent = words;
  clearTimeout(unsaid);
  unsaid = setTimeout(() => { said.textContent = ""; }, seen || LEGIBLE_FOR);
}

// On plain http a browser gives scripts no clipboard, but still copies what is selected.
async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copiedFromField(text);
  }
}

function copiedFromField(text) {
  const { activeElement } = document;
  const field = Object.assign(document.createElement("textarea"), { value: text, readOnly: true });
  field.className = "copied-from";
  said.after(field);
  field.select();
  let done = false;
  try {
    done = document.execCommand("copy");
  } catch { /* then not */ }
  field.remove();
  activeElement.focus({ preventScroll: true });
  return done;
}

// Where even that is refused the text is selected, where it stands or else where things are said.
function selectText(text, button) {
  const beside = button.closest("dd, .command, .copy-line")?.querySelector("code, input");
  if (beside?.value === text) beside.select();
  else if (beside?.textContent === text) getSelection().selectAllChildren(beside);
  else {
    const { firstChild } = said;
    getSelection().setBaseAndExtent(firstChild, firstChild.length - text.length, firstChild, firstChild.length);
  }
}

async function copy(button) {
  const { copy: given, address } = button.dataset;
  const text = address === undefined ? given : new URL(given, location).href;
  const done = await copied(text);
  const words = done ? said.dataset.copied : said.dataset.selected;
  say(`${words} ${text}`, { seen: done ? SEEN_FOR : LEGIBLE_FOR });
  if (!done) selectText(text, button);
}

function showCopyButtons() {
  for (const button of document.querySelectorAll("[data-copy]")) button.hidden = false;
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy]");
  if (button) copy(button);
});

document.addEventListener("change", (event) => {
  if (event.target.matches(".c-pick input")) say(document.querySelector("#selection p")?.textContent.trim());
});

document.addEventListener("htmx:afterSettle", ({ detail: { target, requestConfig } }) => {
  if (requestConfig?.elt.id === "news") return;
  const shown = document.getElementById(target.id);
  say((shown?.querySelector("[data-total]") ?? shown?.querySelector(".state-bad h2"))?.textContent.trim());
});
// Before it is painted: afterwards everything would move.
document.addEventListener("htmx:afterSwap", showCopyButtons);
showCopyButtons();
