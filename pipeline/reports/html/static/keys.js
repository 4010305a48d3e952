
// The keyboard, and the colours.

const KEYS = [
  ["/", "search"],
  ["j, k", "next, previous"],
  ["Enter", "open or close"],
  ["Esc", "close; in the search field: clear it"],
  ["g", "back to the top"],
  ["?", "this help"],
];

function current() {
  const row = document.activeElement?.closest?.(".row");
  return row ? Number(row.id.slice(2)) : null;
}

/** Go to the next match, or to the previous one; from elsewhere, to the first. */
function step(by) {
  if (!matches.length) return;
  const at = matches.indexOf(current());
  const to = at < 0 ? 0 : Math.min(Math.max(at + by, 0), matches.length - 1);
  present(matches[to]);
  headOf(matches[to]).focus();
}

/** Show one item, whatever is filtered, and go there. */
function reveal(index) {
  if (!report.items[index]) return;
  if (!matches.includes(index)) clearFilters();
  present(index);
  toggle(index, true);
  headOf(index).focus({ preventScroll: true });
  rowOf(index).scrollIntoView({ block: "start" });
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  const typing = event.target.matches?.("input, select, textarea");
  if (event.key === "Escape") {
    escape(event);
    return;
  }
  if (typing) {
    if (event.target === search && event.key === "Enter") {
      event.preventDefault(); // the row that gets the focus is not to be opened by the same stroke
      step(1);
    }
    return;
  }
  const act = { "/": () => search.focus(), j: () => step(1), k: () => step(-1), "?": openHelp, g: () => scrollTo(0, 0) }[event.key];
  if (!act) return;
  event.preventDefault();
  act();
}

function escape(event) {
  if (event.target === search) {
    if (!search.value) {
      search.blur();
      return;
    }
    search.value = "";
    search.dispatchEvent(new Event("input"));
    event.preventDefault();
    return;
  }
  const index = current();
  if (index !== null && isOpen(index)) {
    toggle(index, false);
    headOf(index).focus();
  }
}

function openHelp() {
  let dialog = document.querySelector("dialog");
  if (!dialog) {
    const rows = KEYS.map(([key, what]) => make("div", {}, make("dt", {}, make("kbd", {}, key)), make("dd", {}, what)));
    const close = make("button", { type: "button" }, "Close");
    close.addEventListener("click", () => dialog.close());
    dialog = make(
      "dialog",
      { "aria-labelledby": "keys-title" },
      make("h2", { id: "keys-title" }, "Keys"),
      make("dl", { class: "facts" }, ...rows),
      close,
    );
    document.body.append(dialog);
  }
  dialog.showModal();
}

const THEMES = { "": "automatic", light: "light", dark: "dark" };

function setTheme(theme) {
  if (theme) document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
  document.getElementById("theme").textContent = `Theme: ${THEMES[theme]}`;
}

function startKeys() {
  const theme = document.getElementById("theme");
  const keys = document.getElementById("keys");
  theme.hidden = false;
  keys.hidden = false;
  theme.addEventListener("click", () => {
    const names = Object.keys(THEMES);
    setTheme(names[(names.indexOf(document.documentElement.dataset.theme ?? "") + 1) % names.length]);
  });
  keys.addEventListener("click", openHelp);
  document.addEventListener("keydown", onKey);
}
