// Adds to each heading of a long table a button that sorts its rows. Nothing is missing without it.
for (const table of document.querySelectorAll(".attune-report table")) {
  const body = table.tBodies[0];
  if (body.rows.length < 4 || table.classList.contains("contrast")) continue;
  const units = { B: 1, KB: 1e3, MB: 1e6, GB: 1e9, ns: 1e-3, "µs": 1, ms: 1e3, s: 1e6 };
  const value = (cell) => {
    const found = cell.textContent.replaceAll("\u00a0", " ").match(/-?\d[\d,]*\.?\d*(?:e[-+]?\d+)?(?: ([KMG]?B|[nµm]?s)\b)?/);
    return found ? parseFloat(found[0].replaceAll(",", "")) * (units[found[1]] ?? 1) : NaN;
  };
  [...table.tHead.rows[0].cells].forEach((head, place) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    const words = head.classList.contains("words");
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      for (const other of head.parentElement.cells) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const order = (one, two) => words
        ? one.cells[place].textContent.localeCompare(two.cells[place].textContent)
        : (value(one.cells[place]) || 0) - (value(two.cells[place]) || 0);
      body.append(...[...body.rows].sort((one, two) => (down ? -order(one, two) : order(one, two))));
    });
  });
}
