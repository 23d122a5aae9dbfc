"use strict";
// Without this script the tables are there all the same, in the order of names.
for (const head of document.querySelectorAll("table.sortable thead th")) {
  const button = document.createElement("button");
  button.append(...head.childNodes);
  head.append(button);
  button.onclick = () => {
    const table = head.closest("table");
    const body = table.tBodies[0];
    const sign = head.ariaSort === "ascending" ? -1 : 1;
    const key = row => row.cells[head.cellIndex].dataset.value ?? row.cells[head.cellIndex].textContent.trim();
    const compare = (a, b) =>
      (a === "") - (b === "") || sign * (a - b || a.localeCompare(b, undefined, {numeric: true}));
    for (const other of table.querySelectorAll("th[aria-sort]")) other.removeAttribute("aria-sort");
    head.ariaSort = sign > 0 ? "ascending" : "descending";
    body.append(...[...body.rows].sort((a, b) => compare(key(a), key(b))));
  };
}
