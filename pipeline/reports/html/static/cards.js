
// Cards of the picture: each leads to its object in the list, and shows what it is joined with.

const NO_CARDS = { find: () => false, show: () => {}, mark: () => {} };
let cards = NO_CARDS;

/** How the picture calls an item. */
function nodeOf(item) {
  if (item.node) return item.node;
  return item.name ? `${item.kind} ${item.namespace ? `${item.namespace}/` : ""}${item.name}` : "";
}

function startCards(stage, view) {
  const drawing = stage.querySelector("svg");
  const all = [...drawing.querySelectorAll(".card")];
  const known = new Map(); // what a card stands for → the card
  for (const card of all) {
    const name = card.dataset.object;
    const [, before] = /^(.*[ /])/u.exec(name) ?? [];
    known.set(name, card);
    for (const other of card.dataset.also?.split(" ") ?? []) known.set(before + other, card);
  }
  const items = new Map(); // card → the first item of it
  report.items.forEach((item, index) => {
    const card = known.get(nodeOf(item));
    if (card && !items.has(card)) items.set(card, index);
  });
  const told = make("p", { class: "told-card", "aria-hidden": "true", hidden: true });
  stage.append(told);
  const point = pointing(stage, drawing, all, told);
  for (const [card, index] of items) linkCard(card, index);
  if (items.size) drawing.removeAttribute("role"); // an image has no links in it
  for (const card of all) {
    card.addEventListener("pointerenter", () => point(card));
    card.addEventListener("pointerleave", () => point(null));
    card.addEventListener("focus", () => point(card));
    card.addEventListener("blur", () => point(null));
  }
  startSteps(stage, [...items.keys()], view);
  cards = {
    find: (item) => known.has(nodeOf(item)),
    show: (item) => {
      const card = known.get(nodeOf(item));
      stage.parentElement.scrollIntoView({ block: "center" });
      view.centre(placeOf(card));
      if (items.has(card)) rove([...items.keys()], card);
      else point(card);
    },
    mark: (found) => {
      stage.classList.toggle("searching", found !== null);
      const lit = new Set((found ?? []).map((index) => known.get(nodeOf(report.items[index]))));
      for (const card of all) card.classList.toggle("found", lit.has(card));
    },
  };
}

function linkCard(card, index) {
  card.classList.add("linked");
  card.setAttribute("tabindex", "-1");
  card.setAttribute("role", "link");
  card.addEventListener("click", () => {
    if (!card.closest(".dragged")) reveal(index);
  });
  card.addEventListener("keydown", (event) => {
    if (event.key === "Enter") reveal(index);
  });
}

/** Shows what a card is joined with, and says what it is. */
function pointing(stage, drawing, all, told) {
  const lines = [...drawing.querySelectorAll(".edge[data-from]")];
  return (card) => {
    const name = card?.dataset.object;
    const near = new Set([name]);
    for (const line of lines) {
      const { from, to } = line.dataset;
      const joined = from === name || to === name;
      line.classList.toggle("near", joined);
      if (joined) near.add(from).add(to);
    }
    for (const other of all) other.classList.toggle("near", near.has(other.dataset.object));
    stage.classList.toggle("pointing", near.size > 1);
    told.hidden = !card;
    told.textContent = card?.querySelector("title").textContent ?? "";
  };
}

/** Where a card is, in the drawing's own measure. */
function placeOf(card) {
  const { e, f } = card.transform.baseVal.consolidate().matrix;
  const { width, height } = card.querySelector(".body").getBBox();
  return { x: e, y: f, width, height };
}

/** One card can be reached by Tab; arrow keys go from it to the nearest one in their direction. */
function startSteps(stage, linked, view) {
  linked[0]?.setAttribute("tabindex", "0");
  stage.addEventListener("keydown", (event) => {
    const [x, y] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key] ?? [0, 0];
    const card = document.activeElement.closest?.(".card");
    if (!card || !(x || y)) return;
    event.preventDefault();
    const from = placeOf(card);
    let [next, least] = [null, Infinity];
    for (const other of linked) {
      const to = placeOf(other);
      const along = (to.x - from.x) * x + (to.y - from.y) * y;
      const aside = Math.abs((to.x - from.x) * y) + Math.abs((to.y - from.y) * x);
      if (along > 1 && along + 2 * aside < least) [next, least] = [other, along + 2 * aside];
    }
    if (!next) return;
    view.centre(placeOf(next));
    rove(linked, next);
  });
}

function rove(linked, card) {
  for (const other of linked) other.setAttribute("tabindex", other === card ? "0" : "-1");
  card.focus({ preventScroll: true });
}
