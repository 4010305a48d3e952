
// The list: rows are made when they come near the screen, and their details when they are opened.

const report = JSON.parse(document.getElementById("report").textContent);
const CHUNK = 50;
const FIRST = 1; // chunk that is drawn at once; those near the screen follow with the next frame
const holder = document.getElementById("rows");
const rows = new Map(); // index → element; kept, so that filtering neither draws again nor closes anything
let chunks = [];
let matches = [];

const near = new IntersectionObserver(
  (entries) => {
    for (const entry of entries) if (entry.isIntersecting) fill(entry.target);
  },
  { rootMargin: "1000px 0px" },
);

/** The row of an item; made once. */
function rowOf(index) {
  const known = rows.get(index);
  if (known) return known;
  const item = report.items[index];
  const style = report.styles[item.style];
  const badge = make("span", { class: "badge" }, make("span", { "aria-hidden": "true" }, `${style.sign} `), style.word);
  const name = make("span", { class: "object" });
  if (item.namespace) name.append(make("span", { class: "namespace" }, `${item.namespace}/`), make("wbr"));
  if (item.name) name.append(make("b", {}, item.name));
  const parts = [badge, " ", make("span", { class: "kind" }, item.kind ? breakable(item.kind) : ""), " ", name, " "];
  if (item.title) parts.push(make("span", { class: "title" }, item.title), " ");
  parts.push(make("span", { class: "note" }, item.note ?? ""), " ");
  if (item.place) parts.push(make("span", { class: "place" }, make("bdi", { dir: "ltr" }, item.place)));
  const head = make("button", { type: "button", class: "head", "aria-expanded": "false" }, ...parts);
  head.addEventListener("click", () => toggle(index));
  const row = make(
    "div",
    { role: "listitem", class: item.title ? "row told" : "row", id: `o-${index}`, "data-tone": style.tone },
    make("h4", { class: "line-head" }, head),
  );
  rows.set(index, row);
  return row;
}

function headOf(index) {
  return rowOf(index).querySelector(".head");
}

function isOpen(index) {
  return rows.has(index) && headOf(index).getAttribute("aria-expanded") === "true";
}

function toggle(index, open = !isOpen(index)) {
  const row = rowOf(index);
  const head = headOf(index);
  let details = row.querySelector(".details");
  if (open && !details) {
    details = make("div", { class: "details", id: `d-${index}` }, ...buildDetails(report.items[index]));
    row.append(details);
    head.setAttribute("aria-controls", details.id);
  }
  if (details) details.hidden = !open;
  head.setAttribute("aria-expanded", String(open));
  highlight();
}

/** Draw the list of what matches: a heading for each section, and below it chunks of rows. */
function draw(found) {
  matches = found;
  near.disconnect();
  chunks = [];
  const parts = [];
  for (let from = 0; from < found.length; ) {
    const section = report.items[found[from]].section;
    let to = from;
    while (to < found.length && report.items[found[to]].section === section) to += 1;
    parts.push(sectionOf(section, found.slice(from, to)));
    from = to;
  }
  if (!found.length) parts.push(make("p", { class: "empty" }, report.items.length ? "Nothing matches." : report.nothing));
  holder.replaceChildren(...parts);
  chunks.slice(0, FIRST).forEach(fill);
  chunks.slice(FIRST).forEach((chunk) => near.observe(chunk));
}

function sectionOf(number, indexes) {
  const { title, hint } = report.sections[number];
  const list = make("div", { role: "list", "aria-label": title });
  for (let from = 0; from < indexes.length; from += CHUNK) {
    const chunk = make("div", { role: "presentation", class: "chunk" });
    chunk.indexes = indexes.slice(from, from + CHUNK);
    chunk.style.setProperty("--rows", chunk.indexes.length);
    chunks.push(chunk);
    list.append(chunk);
  }
  const count = make("span", { class: "count" }, indexes.length.toLocaleString("en"));
  return make("section", {}, make("h3", {}, `${title} `, count), hint ? make("p", { class: "hint" }, hint) : null, list);
}

function fill(chunk) {
  near.unobserve(chunk);
  if (chunk.childElementCount) return;
  chunk.append(...chunk.indexes.map(rowOf));
  chunk.classList.add("filled");
  highlight();
}

/** Make sure that the row is in the page. */
function present(index) {
  const chunk = chunks.find((candidate) => candidate.indexes.includes(index));
  if (chunk) fill(chunk);
  return Boolean(chunk);
}
