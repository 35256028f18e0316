// What comes back from a request of the page, or does not. Only what the dashboard marks as a part of
// the page is swapped in. Else the page stays as it is, a sentence says what happened, and what is
// only read is asked for again by itself.

const place = document.getElementById("trouble"); // the wall has words of its own
const sentences = document.getElementById("troubles")?.content;
const FIRST_PAUSE = 5_000;
const LONGEST_PAUSE = 30_000;

// What failed last, by what htmx lets ask one thing at a time: the list, the quick look, polling.
const failed = new Map();
let pause = FIRST_PAUSE;
let timer = 0;
let said = "";

const asker = (elt) => elt.closest("[hx-sync]") ?? elt;
const isPoll = (elt) => elt.id === "news";
// Another list may have come meanwhile.
const isThere = ({ elt, target }) => elt.isConnected && (target.isConnected || document.getElementById(target.id));

function isPart(xhr) {
  // What says that it is one and is empty was cut on its way.
  return xhr.getResponseHeader("X-Fragment") !== null && (xhr.status === 204 || xhr.response.trim() !== "");
}

function kindOf(xhr) {
  const door = sentences?.querySelector("[data-sign-in]").getAttribute("href");
  if (xhr.status === 401 || xhr.getResponseHeader("HX-Redirect")) return "signed-out";
  if (new URL(xhr.responseURL).pathname === door) return "signed-out";
  if (xhr.status === 429) return "busy";
  if (xhr.status >= 500) return "mistake";
  return xhr.status >= 400 ? "refused" : "strange";
}

function sentenceOf({ kind, facts, repeats }) {
  const part = (selector) => document.importNode(sentences.querySelector(selector), true);
  const sentence = part(`[data-trouble=${kind}]`);
  sentence.className = "notice notice-bad";
  sentence.append(" ", part(`[data-repeats=${repeats}]`));
  sentence.querySelector("[data-facts]")?.append(facts);
  const here = `${location.pathname}${location.search}`;
  for (const link of sentence.querySelectorAll("[data-reload]")) link.href = here;
  for (const link of sentence.querySelectorAll("[data-sign-in]")) link.search = new URLSearchParams({ next: here });
  return sentence;
}

// A person's own act counts for more than polling. The same is not said again at each attempt.
function say() {
  const all = [...failed.values()];
  const trouble = all.findLast(({ elt }) => !isPoll(elt)) ?? all.at(-1);
  const now = trouble ? `${trouble.kind} ${trouble.repeats}` : "";
  if (said === now) return;
  said = now;
  place.replaceChildren(...(trouble ? [sentenceOf(trouble)] : []));
}

function ask({ elt, path, target, etc }) {
  const there = target.id ? `#${target.id}` : target;
  // What comes of it arrives as events, like everything else.
  htmx.ajax("GET", path, { source: elt, target: there, swap: etc.swapOverride, push: etc.push }).catch(() => {});
}

function askAgain() {
  clearTimeout(timer);
  if (document.hidden) return;
  for (const [key, trouble] of failed) {
    if (!isThere(trouble)) failed.delete(key);
    else if (trouble.repeats) ask(trouble);
  }
  say();
}

function fail(kind, { requestConfig, target, etc, xhr }) {
  if (!place) return;
  const { elt, path, verb } = requestConfig;
  const key = asker(elt);
  const before = failed.get(key);
  const again = before?.elt === elt && before.path === path;
  const facts = [xhr.status, xhr.getResponseHeader("X-Request-ID")].filter(Boolean).join(" · ");
  failed.delete(key);
  failed.set(key, { elt, path, target, etc, kind, facts, repeats: verb === "get" });
  pause = again ? Math.min(2 * pause, LONGEST_PAUSE) : FIRST_PAUSE;
  const asked = 1_000 * (Number(xhr.getResponseHeader("Retry-After")) || 0);
  clearTimeout(timer);
  timer = setTimeout(askAgain, Math.max(pause, Math.min(asked, 2 * LONGEST_PAUSE)));
  say();
}

function succeed({ requestConfig }) {
  if (!failed.size) return;
  failed.delete(asker(requestConfig.elt));
  // The dashboard answers again: what else failed need not wait. But first this answer is swapped in.
  setTimeout(askAgain);
}

document.addEventListener("htmx:beforeOnLoad", (event) => {
  const { xhr } = event.detail;
  if (isPart(xhr)) {
    succeed(event.detail);
  } else {
    event.preventDefault();
    fail(kindOf(xhr), event.detail);
  }
});
document.addEventListener("htmx:sendError", ({ detail }) => fail("away", detail));
document.addEventListener("htmx:timeout", ({ detail }) => fail("away", detail));
// Whoever asks for something else meanwhile does not want what failed before.
document.addEventListener("htmx:beforeRequest", ({ detail: { requestConfig } }) => {
  const before = failed.get(asker(requestConfig.elt));
  if (before && before.path !== requestConfig.path) before.repeats = false;
});
addEventListener("online", askAgain);
document.addEventListener("visibilitychange", askAgain);
