
// Search and filters. Everything that a search looks through is put together once.

const wanted = { words: [], tags: new Set(), kind: "", namespace: "", group: "" };
const status = document.getElementById("status");
const haystacks = report.items.map((item) =>
  [
    item.kind, item.namespace && item.name ? `${item.namespace}/${item.name}` : item.name, item.title, item.note,
    item.place, item.group, ...(item.facts ?? []).flat(), ...(item.fields ?? []).flat(2), ...(item.texts ?? []).flat(),
  ]
    .filter((text) => typeof text === "string")
    .join("\n")
    .toLowerCase(),
);

function fits(item, index) {
  return (
    (!wanted.kind || item.kind === wanted.kind) &&
    (!wanted.namespace || (item.namespace ?? "(cluster-wide)") === wanted.namespace) &&
    (!wanted.group || item.group === wanted.group) &&
    (!wanted.tags.size || item.tags.some((tag) => wanted.tags.has(tag))) &&
    wanted.words.every((word) => haystacks[index].includes(word))
  );
}

function filter() {
  performance.mark("filter-begins");
  const found = [];
  report.items.forEach((item, index) => {
    if (fits(item, index)) found.push(index);
  });
  draw(found);
  cards.mark(isFiltered() ? found : null);
  const list = document.getElementById("list");
  if (list.getBoundingClientRect().top < 0) list.scrollIntoView(); // what was found is where the list begins
  tell(found.length);
  highlight();
  clear.hidden = !isFiltered();
  performance.measure("filter", "filter-begins");
}

function isFiltered() {
  return Boolean(wanted.words.length || wanted.tags.size || wanted.kind || wanted.namespace || wanted.group);
}

function tell(number) {
  const all = report.items.length;
  const noun = report.noun[all === 1 ? 0 : 1];
  const [shown, total] = [number.toLocaleString("en"), all.toLocaleString("en")];
  status.textContent = isFiltered() ? `${shown} of ${total} ${noun}` : all ? `${total} ${noun}` : "";
}

let highlighting = 0;

/** Mark what was searched for in rows that are there, without touching them; once for all that changed in a frame. */
function highlight() {
  if (highlighting) return;
  highlighting = requestAnimationFrame(() => {
    highlighting = 0;
    markFound();
  });
}

function markFound() {
  for (const chunk of chunks) if (chunk.childElementCount) chunk.indexes.forEach(explain);
  if (!CSS.highlights) return;
  const ranges = [];
  const words = wanted.words.filter((word) => word.length > 1); // single letters are everywhere
  if (words.length) {
    const walker = document.createTreeWalker(holder, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node && ranges.length < 1_000; node = walker.nextNode()) {
      const text = node.data.toLowerCase();
      if (text.length !== node.data.length) continue; // lower case that is longer would shift every place
      for (const word of words) {
        for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + word.length)) {
          const range = new Range();
          range.setStart(node, at);
          range.setEnd(node, at + word.length);
          ranges.push(range);
        }
      }
    }
  }
  CSS.highlights.set("found", new Highlight(...ranges));
}

/** Where an item was found that shows nothing of it: the first field with what was searched for, in the place of its note. */
function explain(index) {
  const item = report.items[index];
  const note = rows.get(index).querySelector(".note");
  const plain = item.note ?? "";
  let shown = plain;
  if (wanted.words.length && item.fields) {
    const seen = [item.kind, item.namespace, item.name, item.title, item.place, plain].join("\n").toLowerCase();
    const word = wanted.words.find((candidate) => !seen.includes(candidate));
    const field = word && item.fields.find((texts) => texts.slice(0, 3).some((text) => text?.toLowerCase().includes(word)));
    if (field) shown = `${field[0].split(/(?=[.[])/u).at(-1).replace(/^\./u, "")}: ${excerpt(field, word)}`;
  }
  if (note.textContent !== shown) note.textContent = shown;
}

function excerpt([, before, after], word) {
  const line = [after, before].flatMap((text) => text?.split("\n") ?? []).find((text) => text.toLowerCase().includes(word));
  if (line === undefined) return [before, after].map((text) => text?.split("\n")[0] ?? "—").join(" → ").slice(0, 200);
  const at = line.toLowerCase().indexOf(word);
  return (at > 12 ? "…" : "") + line.slice(Math.max(0, at - 12), at + 140).trim();
}

/** How often each value occurs, the most frequent first. */
function counted(valueOf) {
  const counts = new Map();
  for (const item of report.items) {
    const value = valueOf(item);
    if (value) counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  return [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
}

function choice(label, key, valueOf) {
  const values = counted(valueOf);
  if (values.length < 2) return null;
  const options = values.map(([value, number]) => make("option", { value }, `${value} (${number.toLocaleString("en")})`));
  const select = make("select", { "data-filter": key, "aria-label": label }, make("option", { value: "" }, `${label}: all`), ...options);
  select.addEventListener("change", () => {
    wanted[key] = select.value;
    select.classList.toggle("chosen", select.value !== "");
    filter();
  });
  return select;
}

const search = make("input", {
  type: "search", id: "search", placeholder: "Search names, fields, values…", autocomplete: "off", spellcheck: "false",
  "aria-label": "Search kinds, names, namespaces, field paths and values", "aria-describedby": "status",
  "aria-keyshortcuts": "/",
});
const clear = make("button", { type: "button", id: "clear", hidden: true }, "Clear");
const expand = make("button", { type: "button", id: "expand" }, "Open all");
const MOST_OPEN = 200;

function startFilters() {
  search.addEventListener("input", () => {
    wanted.words = search.value.toLowerCase().split(/\s+/u).filter(Boolean);
    filter();
  });
  clear.addEventListener("click", () => {
    clearFilters();
    search.focus();
  });
  expand.addEventListener("click", () => {
    const some = matches.slice(0, MOST_OPEN);
    const open = some.some((index) => !isOpen(index));
    for (const index of open ? some : matches) if (open || rows.has(index)) toggle(index, open);
    expand.textContent = open ? "Close all" : "Open all";
  });
  const toolbar = document.getElementById("toolbar");
  toolbar.setAttribute("role", "search");
  toolbar.append(
    search,
    ...[
      choice("Kind", "kind", (item) => item.kind),
      choice("Namespace", "namespace", (item) => item.namespace ?? (item.name && "(cluster-wide)")),
      report.group && choice(report.group, "group", (item) => item.group),
    ].filter(Boolean),
    clear,
    expand,
  );
  toolbar.hidden = !report.items.length;
  for (const tile of document.querySelectorAll("button.tile")) {
    tile.addEventListener("click", () => {
      const on = tile.getAttribute("aria-pressed") !== "true";
      tile.setAttribute("aria-pressed", String(on));
      wanted.tags[on ? "add" : "delete"](tile.dataset.tag);
      filter();
    });
  }
}

function clearFilters() {
  search.value = "";
  Object.assign(wanted, { words: [], tags: new Set(), kind: "", namespace: "", group: "" });
  for (const select of document.querySelectorAll("#toolbar select")) {
    select.value = "";
    select.classList.remove("chosen");
  }
  for (const tile of document.querySelectorAll("button.tile")) tile.setAttribute("aria-pressed", "false");
  filter();
}
