
// Putting it together: links to objects, printing, and the first drawing.

const MOST_PRINTED = 300; // details; rows are printed all
let openedForPrint = [];

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
  chunks.forEach(fill);
  openedForPrint = matches.slice(0, MOST_PRINTED).filter((index) => !isOpen(index));
  for (const index of openedForPrint) toggle(index, true);
  const left = matches.length - MOST_PRINTED;
  if (left > 0) status.textContent += `; details of the first ${MOST_PRINTED} are printed`;
});

addEventListener("afterprint", () => {
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
