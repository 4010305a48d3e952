
// The picture: drag or pinch to move it, Ctrl and the wheel to zoom; buttons and keys do the same.

const LARGEST_HEADING = 3; // times its size, so that groups can be told apart where their cards are too small to read
const LARGEST = 1.2; // times the size in which it is drawn; what is small does not fill the screen
const CLICK = 5; // pixels; who moves further than that drags
const READABLE = 0.9; // of the size in which cards are drawn

/** What of the drawing is seen: all of it at first. */
function viewOf(stage, drawing) {
  const box = drawing.viewBox.baseVal;
  const whole = { x: box.x, y: box.y, width: box.width || 800, height: box.height || 600 };
  const headings = headingsOf(drawing);
  let now = { ...whole };
  const scale = () => Math.min(stage.clientWidth / now.width, stage.clientHeight / now.height) || 1;
  const show = () => {
    drawing.setAttribute("viewBox", `${now.x} ${now.y} ${now.width} ${now.height}`);
    const larger = 1 / scale();
    for (const { heading, size, most } of headings) {
      heading.style.fontSize = `${size * Math.max(1, Math.min(larger, most, LARGEST_HEADING))}px`;
    }
    stage.classList.toggle("moved", now.width < whole.width);
  };
  const zoom = (factor, x = now.x + now.width / 2, y = now.y + now.height / 2) => {
    const by = Math.min(Math.max(now.width * factor, whole.width / 40), whole.width * 2) / now.width;
    now = { x: x - (x - now.x) * by, y: y - (y - now.y) * by, width: now.width * by, height: now.height * by };
    show();
  };
  /** By pixels of the screen. */
  const move = (x, y) => {
    now.x += x / scale();
    now.y += y / scale();
    show();
  };
  const fit = () => {
    now = { ...whole };
    show();
  };
  /** So that a card is in the middle, large enough to be read. */
  const centre = ({ x, y, width, height }) => {
    const factor = Math.min(1, scale() / READABLE);
    now = { ...now, width: now.width * factor, height: now.height * factor };
    now.x = x + width / 2 - now.width / 2;
    now.y = y + height / 2 - now.height / 2;
    show();
  };
  const at = (event) => new DOMPoint(event.clientX, event.clientY).matrixTransform(drawing.getScreenCTM().inverse());
  return { show, zoom, move, fit, centre, at };
}

/** Headings of groups, and how many times their size fits into the frame that each stands in. */
function headingsOf(drawing) {
  return [...drawing.querySelectorAll(".heading")].map((heading) => {
    const size = Number.parseFloat(getComputedStyle(heading).fontSize);
    const room = Number(heading.previousElementSibling.getAttribute("width")) - 36;
    return { heading, size, most: room / heading.getBBox().width || 1 };
  });
}

function startPicture() {
  const stage = document.getElementById("picture");
  const drawing = stage?.querySelector("svg");
  if (!drawing) return;
  drawing.removeAttribute("width");
  drawing.removeAttribute("height");
  stage.classList.add("fitted");
  const { width, height } = drawing.viewBox.baseVal;
  stage.style.aspectRatio = `${width} / ${height}`;
  stage.style.setProperty("--drawn", `${height * LARGEST}px`);
  stage.after(...keyOf(drawing));
  const view = viewOf(stage, drawing);
  view.show();
  addEventListener("resize", view.show);
  addEventListener("beforeprint", view.fit);
  startButtons(stage.parentElement, view);
  stage.tabIndex = 0;
  stage.setAttribute("role", "group");
  stage.setAttribute(
    "aria-label",
    "Picture; arrow keys move it, + and − zoom, 0 shows all of it; Tab goes to an object, and arrow keys then to the next one",
  );
  stage.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const moves = { ArrowLeft: [-60, 0], ArrowRight: [60, 0], ArrowUp: [0, -60], ArrowDown: [0, 60] };
    const zooms = { "+": () => view.zoom(0.8), "=": () => view.zoom(0.8), "-": () => view.zoom(1.25), 0: view.fit };
    const act = (event.target === stage && moves[event.key] && (() => view.move(...moves[event.key]))) || zooms[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
  stage.addEventListener(
    "wheel",
    (event) => {
      if (!event.ctrlKey && !event.metaKey) return; // the wheel alone scrolls the page
      event.preventDefault();
      const { x, y } = view.at(event);
      view.zoom(event.deltaY > 0 ? 1.15 : 1 / 1.15, x, y);
    },
    { passive: false },
  );
  startDragging(stage, view);
  startCards(stage, view);
}

/** What signs and lines mean, out of the drawing: there it would be moved away and become too small to read. */
function keyOf(drawing) {
  const legend = drawing.querySelector(".legend");
  if (!legend?.childElementCount) return [];
  const { x, y, width, height } = legend.getBBox();
  const key = drawing.cloneNode(false);
  for (const name of ["role", "aria-labelledby"]) key.removeAttribute(name);
  key.setAttribute("viewBox", `${x - 1} ${y - 1} ${width + 2} ${height + 2}`);
  key.setAttribute("width", width + 2);
  key.classList.add("key");
  key.append(legend);
  return [key];
}

function startButtons(section, view) {
  const tools = section.querySelector(".zoom");
  tools.hidden = false;
  const acts = { in: () => view.zoom(0.8), out: () => view.zoom(1.25), fit: view.fit };
  for (const button of tools.children) button.addEventListener("click", () => acts[button.dataset.zoom]());
  if (!document.fullscreenEnabled) return;
  const full = make("button", { type: "button" }, "Full screen");
  full.addEventListener("click", () => (document.fullscreenElement ? document.exitFullscreen() : section.requestFullscreen()));
  document.addEventListener("fullscreenchange", () => (full.textContent = document.fullscreenElement ? "Leave full screen" : "Full screen"));
  tools.append(full);
}

/** One pointer moves, two zoom. On a touch screen one finger scrolls the page until the picture is enlarged. */
function startDragging(stage, view) {
  const held = new Map();
  const middle = () => {
    const [a, b = a] = [...held.values()];
    return { clientX: (a.clientX + b.clientX) / 2, clientY: (a.clientY + b.clientY) / 2, apart: Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY) };
  };
  let begun = null;
  stage.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    held.set(event.pointerId, event);
    if (held.size === 1) begun = event;
  });
  stage.addEventListener("pointermove", (event) => {
    if (!held.has(event.pointerId)) return;
    const before = middle();
    held.set(event.pointerId, event);
    const after = middle();
    if (before.apart && after.apart) {
      const { x, y } = view.at(after);
      view.zoom(before.apart / after.apart, x, y);
    }
    if (!stage.classList.contains("dragged")) {
      if (held.size < 2 && Math.hypot(event.clientX - begun.clientX, event.clientY - begun.clientY) < CLICK) return;
      stage.classList.add("dragged");
      stage.setPointerCapture(event.pointerId);
    }
    view.move(before.clientX - after.clientX, before.clientY - after.clientY);
  });
  for (const name of ["pointerup", "pointercancel"]) {
    addEventListener(name, (event) => {
      held.delete(event.pointerId);
      if (!held.size) setTimeout(() => stage.classList.remove("dragged")); // after the click that this may be
    });
  }
}
