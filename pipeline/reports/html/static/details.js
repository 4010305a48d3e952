
// What an item shows when it is opened. Texts of others only ever become text nodes.

const NARROW = matchMedia("screen and (max-width: 760px)");
const CONTEXT = 3; // unchanged lines around a change
const FIELDS_AT_ONCE = 100;

/** An element with attributes and children; strings become text. */
function make(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes ?? {})) {
    if (value !== undefined && value !== false) made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== "" && child !== null && child !== undefined));
  return made;
}

function hiddenText(text) {
  return make("span", { class: "unseen" }, text);
}

function buildDetails(item) {
  const parts = [];
  if (item.facts) parts.push(factList(item.facts));
  if (item.links) parts.push(linkList(item.links));
  if (cards.find(item)) parts.push(pictureButton(item));
  if (item.fields) parts.push(fieldTable(item.fields));
  for (const [title, text] of item.texts ?? []) {
    parts.push(make("h5", {}, title), make("pre", { class: "log", tabindex: "0", "aria-label": title }, text));
  }
  if (item.history) parts.push(make("h5", {}, "History"), historyList(item.history));
  return parts;
}

function factList(facts) {
  return make(
    "dl",
    { class: "facts" },
    ...facts.map(([name, value]) => make("div", {}, make("dt", {}, name), make("dd", {}, value))),
  );
}

/** Other items that it has to do with: what they are to it, and a link to each. */
function linkList(links) {
  const link = ([text, index]) => make("div", {}, make("a", { href: `#o-${index}` }, text));
  return make(
    "dl",
    { class: "facts" },
    ...links.map(([title, to]) => make("div", {}, make("dt", {}, title), make("dd", {}, ...to.map(link)))),
  );
}

function pictureButton(item) {
  const button = make("button", { type: "button", class: "more" }, "Show in the picture");
  button.addEventListener("click", () => cards.show(item));
  return button;
}

function historyList(events) {
  const tones = { created: "good", changed: "warn", deleted: "bad" };
  const entries = events.map(([time, change, revision, digest]) =>
    make(
      "li",
      { "data-tone": tones[change] ?? "quiet" },
      make("time", { datetime: time }, time.replace("T", " ").replace("Z", " UTC")),
      make("b", {}, change),
      make("span", { class: "mono" }, revision),
      make("span", { class: "mono dim", title: digest }, digest.replace(/^(sha256:.{12}).*/u, "$1…")),
    ),
  );
  return make("ol", { class: "history", role: "list" }, ...entries);
}

/** A table by its roles: on narrow screens its cells stand below each other, and it stays a table for who listens. */
function fieldTable(fields) {
  const cell = (text) => make("div", { role: "columnheader" }, text);
  const heads = make("div", { role: "row", class: "heads" }, cell("Field"), ...report.columns.map(cell));
  const table = make("div", { role: "table", class: "fields", "aria-label": "Fields that change" }, heads);
  const add = (from, to) => table.append(...fields.slice(from, to).map(fieldRow));
  add(0, FIELDS_AT_ONCE);
  if (fields.length <= FIELDS_AT_ONCE) return table;
  const rest = fields.length - FIELDS_AT_ONCE;
  const more = make("button", { type: "button", class: "more" }, `Show ${rest} more fields`);
  more.addEventListener("click", () => {
    more.remove();
    add(FIELDS_AT_ONCE);
  });
  return make("div", {}, table, more);
}

function fieldRow([path, before, after, marks, isSensitive]) {
  const name = make("div", { role: "rowheader", class: "path" }, make("code", {}, breakable(path)));
  for (const mark of marks ?? []) name.append(" ", make("span", { class: "mark" }, mark));
  const long = [before, after].some((side) => side?.includes("\n"));
  const row = make("div", { role: "row", class: long ? "field long" : "field" }, name);
  if (long) {
    row.append(lineTable(before, after));
    return row;
  }
  const parts = before !== null && after !== null && !isSensitive ? wordParts(before, after) : null;
  row.append(shortSide("before", before, parts?.[0]), shortSide("after", after, parts?.[1]));
  return row;
}

/** Where a path may break: before each dot and bracket. */
function breakable(path) {
  const parts = path.split(/(?=[.[])/u);
  return make("span", {}, ...parts.flatMap((part, i) => (i ? [make("wbr"), part] : [part])));
}

function shortSide(side, text, parts) {
  if (text === null) return make("div", { role: "cell", class: "side-cell absent" }, hiddenText("not there"), "—");
  const name = side === "before" ? "del" : "ins";
  return make("div", { role: "cell", class: `side-cell ${side}` }, make(name, {}, ...marked(text, parts, name)));
}

function marked(text, parts) {
  return parts ? parts.map(([part, differs]) => (differs ? make("mark", {}, part) : part)) : [text];
}

/** Line by line: side by side where there is room, one below the other where there is not. */
function lineTable(before, after) {
  const cell = make("div", { role: "cell", class: "lines", "aria-colspan": "2" });
  // A line break at the end of everything begins no line.
  const ends = [before, after].every((side) => side === null || side.endsWith("\n"));
  const [left, right] = [before, after].map((side) => (ends ? side?.slice(0, -1) : side)?.split("\n") ?? []);
  const all = before === null || after === null ? oneSided(left, right) : pairs(left, right);
  const draw = () => {
    const split = !NARROW.matches && before !== null && after !== null;
    cell.classList.toggle("split", split);
    cell.replaceChildren(...folded(all, (shown) => (split ? splitLines : unifiedLines)(shown, left, right)));
  };
  cell.redraw = draw;
  draw();
  return cell;
}

NARROW.addEventListener("change", () => {
  for (const cell of document.querySelectorAll(".lines")) cell.redraw?.();
});

function oneSided(left, right) {
  const found = left.map((_, i) => ({ left: i, right: -1, same: false }));
  return found.concat(right.map((_, j) => ({ left: -1, right: j, same: false })));
}

/** Long runs of unchanged lines become a button that shows them. */
function folded(all, draw) {
  const near = new Uint8Array(all.length);
  all.forEach((pair, i) => {
    if (!pair.same) near.fill(1, Math.max(0, i - CONTEXT), i + CONTEXT + 1);
  });
  const parts = [];
  for (let i = 0; i < all.length; ) {
    let end = i;
    while (end < all.length && near[end] === near[i]) end += 1;
    const run = all.slice(i, end);
    if (near[i] || run.length < 3) parts.push(...draw(run));
    else {
      const unfold = make("button", { type: "button", class: "fold" }, `${run.length} unchanged lines`);
      unfold.addEventListener("click", () => unfold.replaceWith(...draw(run)));
      parts.push(unfold);
    }
    i = end;
  }
  return parts;
}

function line(name, number, text, parts) {
  const sign = { del: "−", ins: "+", span: " " }[name];
  const words = { del: "removed: ", ins: "added: ", span: "" }[name];
  const content = make(name, {}, words && hiddenText(words), ...marked(text, parts));
  return make("div", { class: `line ${name}` }, make("i", { "aria-hidden": "true" }, `${number}`, make("b", {}, sign)), content);
}

function splitLines(shown, left, right) {
  return shown.map((pair) => {
    const words = !pair.same && pair.left >= 0 && pair.right >= 0 ? wordParts(left[pair.left], right[pair.right]) : null;
    const side = (name, i, lines, parts) =>
      i < 0 ? make("div", { class: "line none" }) : line(pair.same ? "span" : name, i + 1, lines[i], parts);
    const both = [side("del", pair.left, left, words?.[0]), side("ins", pair.right, right, words?.[1])];
    if (pair.same) both[1].setAttribute("aria-hidden", "true"); // once is enough for who listens
    return make("div", { class: "pair" }, ...both);
  });
}

function unifiedLines(shown, left, right) {
  const found = [];
  let added = [];
  for (const pair of shown) {
    const words = !pair.same && pair.left >= 0 && pair.right >= 0 ? wordParts(left[pair.left], right[pair.right]) : null;
    if (pair.same) {
      found.push(...added, line("span", pair.right + 1, right[pair.right]));
      added = [];
      continue;
    }
    if (pair.left >= 0) found.push(line("del", pair.left + 1, left[pair.left], words?.[0]));
    if (pair.right >= 0) added.push(line("ins", pair.right + 1, right[pair.right], words?.[1]));
  }
  return found.concat(added);
}
