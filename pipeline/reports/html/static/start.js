
// Putting it together: links to objects, printing, and the first drawing.

const PRINTED = { rows: 10_000, details: 200 }; // a browser lays out about 200 rows, or 20 with details, a second
let openedForPrint = [];
let themeOnScreen = "";

function followLink() {
  const [, sort, value] = /^#([oq])[-=](.*)$/u.exec(location.hash) ?? [];
  if (sort === "o") reveal(Number(value));
  if (sort === "q") {
    clearFilters();
    search.value = decodeURIComponent(value);
    search.dispatchEvent(new Event("input"));
    document.getElementById("list").scrollIntoView();
  }
}

addEventListener("beforeprint", () => {
  themeOnScreen = document.documentElement.dataset.theme ?? "";
  setTheme("light"); // paper is, and the picture chooses its colours by this, too
  let printed = 0;
  for (const chunk of chunks) {
    chunk.hidden = printed >= PRINTED.rows;
    if (!chunk.hidden) fill(chunk);
    printed += chunk.indexes.length;
  }
  openedForPrint = matches.slice(0, PRINTED.details).filter((index) => !isOpen(index));
  for (const index of openedForPrint) toggle(index, true);
  const limits = [[PRINTED.rows, "are printed"], [PRINTED.details, "with details"]];
  for (const [number, words] of limits) {
    if (matches.length > number) status.textContent += `; the first ${number.toLocaleString("en")} ${words}`;
  }
});

addEventListener("afterprint", () => {
  setTheme(themeOnScreen);
  for (const chunk of chunks) chunk.hidden = false;
  for (const index of openedForPrint) toggle(index, false);
  openedForPrint = [];
  tell(matches.length);
});

startKeys();
startFilters();
startPicture();
filter();
followLink();
addEventListener("hashchange", followLink);
document.addEventListener("click", (event) => {
  // A link to the object that is in the address already changes no address.
  if (event.target.closest?.("a[href^='#o-'], a[href^='#q=']")?.hash === location.hash) followLink();
});
performance.mark("ready");
