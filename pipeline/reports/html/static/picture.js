
// The picture: drag to move, buttons or Ctrl and the wheel to zoom, and a click on an object leads to it.

function startPicture() {
  const stage = document.getElementById("picture");
  const drawing = stage?.querySelector("svg");
  if (!drawing) return;
  const box = drawing.viewBox.baseVal;
  const whole = { x: box.x, y: box.y, width: box.width || 800, height: box.height || 600 };
  let view = { ...whole };
  const show = () => drawing.setAttribute("viewBox", `${view.x} ${view.y} ${view.width} ${view.height}`);
  const zoom = (factor, x = view.x + view.width / 2, y = view.y + view.height / 2) => {
    const by = Math.min(Math.max(view.width * factor, whole.width / 40), whole.width * 2) / view.width;
    view = { x: x - (x - view.x) * by, y: y - (y - view.y) * by, width: view.width * by, height: view.height * by };
    show();
  };
  const fit = () => {
    view = { ...whole };
    show();
  };
  drawing.removeAttribute("width");
  drawing.removeAttribute("height");
  show();
  const tools = document.querySelector(".zoom");
  tools.hidden = false;
  for (const button of tools.children) {
    button.addEventListener("click", () => ({ in: () => zoom(0.8), out: () => zoom(1.25), fit })[button.dataset.zoom]());
  }
  stage.tabIndex = 0;
  stage.setAttribute("role", "group");
  stage.setAttribute("aria-label", "Picture of the objects; arrow keys move it, + and − zoom, 0 shows all of it");
  stage.addEventListener("keydown", (event) => {
    const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const move = moves[event.key];
    if (move) {
      view.x += (move[0] * view.width) / 10;
      view.y += (move[1] * view.height) / 10;
      show();
    } else if (event.key === "+" || event.key === "=") zoom(0.8);
    else if (event.key === "-") zoom(1.25);
    else if (event.key === "0") fit();
    else return;
    event.preventDefault();
  });
  stage.addEventListener(
    "wheel",
    (event) => {
      if (!event.ctrlKey && !event.metaKey) return; // the wheel alone scrolls the page
      event.preventDefault();
      const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(drawing.getScreenCTM().inverse());
      zoom(event.deltaY > 0 ? 1.15 : 1 / 1.15, at.x, at.y);
    },
    { passive: false },
  );
  startDragging(stage, drawing, (dx, dy) => {
    view.x -= dx;
    view.y -= dy;
    show();
  });
  linkNodes(stage);
}

function startDragging(stage, drawing, move) {
  let last = null;
  stage.addEventListener("pointerdown", (event) => {
    if (event.button === 0 && event.pointerType !== "touch") last = event;
  });
  stage.addEventListener("pointermove", (event) => {
    if (!last) return;
    const scale = drawing.getScreenCTM().a;
    move((event.clientX - last.clientX) / scale, (event.clientY - last.clientY) / scale);
    last = event;
  });
  for (const name of ["pointerup", "pointerleave", "pointercancel"]) stage.addEventListener(name, () => (last = null));
}

/** Nodes carry the object they stand for, as `data-object`. */
function linkNodes(stage) {
  const known = new Map();
  report.items.forEach((item, index) => {
    const name = item.namespace ? `${item.namespace}/${item.name}` : item.name;
    const key = `${item.kind} ${name}`;
    if (!known.has(key)) known.set(key, index);
  });
  for (const node of stage.querySelectorAll("[data-object]")) {
    const index = known.get(node.dataset.object);
    if (index === undefined) continue;
    stage.querySelector("svg").removeAttribute("role"); // an image has no links in it
    node.classList.add("linked");
    node.setAttribute("tabindex", "0");
    node.setAttribute("role", "link");
    let down = null;
    node.addEventListener("pointerdown", (event) => (down = event));
    node.addEventListener("click", (event) => {
      const moved = down ? Math.hypot(event.clientX - down.clientX, event.clientY - down.clientY) : 0;
      if (moved < 5) reveal(index);
    });
    node.addEventListener("keydown", (event) => {
      if (event.key === "Enter") reveal(index);
    });
  }
}
