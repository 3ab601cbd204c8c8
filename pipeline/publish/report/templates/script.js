"use strict";
// Without this script the list is a plain table; with it the table is sorted and filtered in place, and the map follows.
(function () {
  const table = document.getElementById("cases");
  if (!table) return;
  const words = JSON.parse(table.dataset.words);
  const rows = [...table.querySelectorAll("tr[data-area]")];
  const bodies = [...table.tBodies];
  const home = rows.map((row) => row.parentNode);
  const marks = new Map([...document.querySelectorAll("a.mark")].map((mark) => [mark.getAttribute("href").slice(1), mark]));
  const said = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
  const make = (tag, parent, text) => {
    const made = parent.appendChild(document.createElement(tag));
    if (text !== undefined) made.textContent = text;
    return made;
  };

  const tools = document.createElement("div");
  tools.className = "tools";
  const chosen = [];
  for (const [key, title] of words.filters) {
    const counts = new Map();
    for (const row of rows) counts.set(row.dataset[key], (counts.get(row.dataset[key]) ?? 0) + 1);
    if (counts.size < 2) continue;
    const select = make("select", tools);
    select.setAttribute("aria-label", title);
    make("option", select, title).value = "";
    for (const [value, count] of [...counts].sort((a, b) => b[1] - a[1])) make("option", select, `${value}（${count}）`).value = `=${value}`;
    select.addEventListener("change", show);
    chosen.push([key, select]);
  }
  const find = make("input", tools);
  find.type = "search";
  find.placeholder = words.find;
  find.setAttribute("aria-label", words.find);
  find.addEventListener("input", show);
  const reset = make("button", tools, words.reset);
  reset.addEventListener("click", () => {
    for (const [, select] of chosen) select.value = "";
    find.value = "";
    order(-1, 0);
    show();
  });
  const told = make("output", tools);
  table.parentNode.before(tools);

  let texts;
  function show() {
    const text = find.value.trim().toLowerCase();
    if (text && !texts) texts = rows.map((row) => row.textContent.toLowerCase());
    let count = 0, area = 0;
    rows.forEach((row, k) => {
      const kept = chosen.every(([key, select]) => !select.value || select.value === `=${row.dataset[key]}`) && (!text || texts[k].includes(text));
      row.classList.toggle("off", !kept);
      marks.get(row.id)?.classList.toggle("off", !kept);
      if (kept) { count += 1; area += Number(row.dataset.area); }
    });
    told.textContent = said(words.shown, { n: count, all: rows.length, ha: (area / 10000).toFixed(2) });
  }

  const heads = [...table.tHead.rows[0].cells];
  function order(column, turn) {
    heads.forEach((head, k) => k === column && turn ? head.setAttribute("aria-sort", turn > 0 ? "ascending" : "descending") : head.removeAttribute("aria-sort"));
    for (const body of bodies) body.rows[0].classList.toggle("off", turn !== 0);
    if (!turn) {
      rows.forEach((row, k) => home[k].append(row));
      return;
    }
    const by = new Intl.Collator(document.documentElement.lang, { numeric: true });
    const keyed = rows.map((row) => [row.cells[column].dataset.v ?? row.cells[column].textContent, row]);
    const numbers = keyed.every(([key]) => key !== "" && !Number.isNaN(Number(key)));
    keyed.sort(([a], [b]) => turn * (numbers ? a - b : by.compare(a, b)));
    bodies[0].append(...keyed.map(([, row]) => row));
  }
  heads.forEach((head, k) => {
    if (head.dataset.sort === undefined) return;
    // Not a button: browsers do not repeat buttons in the head of each printed page.
    const handle = document.createElement("span");
    handle.setAttribute("role", "button");
    handle.tabIndex = 0;
    handle.append(...head.childNodes);
    head.append(handle);
    const turn = () => {
      const now = head.getAttribute("aria-sort");
      order(k, now === "descending" ? 1 : now === "ascending" ? 0 : -1);
    };
    handle.addEventListener("click", turn);
    handle.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      turn();
    });
  });

  for (const row of rows) {
    const mark = marks.get(row.id);
    row.addEventListener("mouseenter", () => mark?.classList.add("on"));
    row.addEventListener("mouseleave", () => mark?.classList.remove("on"));
  }
  show();
})();
