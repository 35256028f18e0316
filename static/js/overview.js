// The overview renews itself, but not while nobody sees it, and never under someone's hands.

document.addEventListener("htmx:beforeRequest", (event) => {
  if (document.hidden) event.preventDefault();
});

document.addEventListener("htmx:beforeSwap", (event) => {
  const { target, xhr } = event.detail;
  const used = target.contains(document.activeElement) || target.querySelector("details[open]");
  if (used || xhr.status !== 200) event.preventDefault();
});
