// Look up a source's class probabilities. The data come as AGNBOOK_LOOKUP from lookup_data.js, so that the
// page also works from a disk. Text enters the page through textContent only.
(function () {
  "use strict";
  const MAX_MATCHES = 12;

  function element(tag, text) {
    const node = document.createElement(tag);
    if (text !== undefined) node.textContent = text;
    return node;
  }

  function start() {
    const input = document.getElementById("lookup-name");
    const status = document.getElementById("lookup-status");
    const matches = document.getElementById("lookup-matches");
    const result = document.getElementById("lookup-result");
    if (!input || !status) return;
    if (typeof AGNBOOK_LOOKUP === "undefined") {
      status.textContent = "The data file lookup_data.js did not load. Reload the page, or build the book again.";
      return;
    }
    const data = AGNBOOK_LOOKUP;
    const names = data.names.split(" ");
    const perSource = 2 * data.classes.length * data.trainings.length;

    function probability(row, training, group) {
      const begin = row * perSource + 2 * (training * data.classes.length + group);
      const code = data.codes.slice(begin, begin + 2);
      return code === "--" ? null : parseInt(code, 36) / 1000;
    }

    function show(row) {
      matches.replaceChildren();
      result.replaceChildren();
      status.textContent = "4FGL " + names[row];
      const table = element("table");
      table.className = "table";
      const head = table.createTHead().insertRow();
      ["training", ...data.classes].forEach((text) => {
        const cell = element("th", text);
        cell.scope = "col";
        head.appendChild(cell);
      });
      const body = table.createTBody();
      data.trainings.forEach((training, t) => {
        const line = body.insertRow();
        const title = element("th", training);
        title.scope = "row";
        line.appendChild(title);
        const values = data.classes.map((_, k) => probability(row, t, k));
        const largest = Math.max(...values.map((value) => (value === null ? -1 : value)));
        values.forEach((value) => {
          const cell = element("td", value === null ? "no data" : value.toFixed(3));
          if (value !== null && value === largest) cell.style.fontWeight = "bold";
          line.appendChild(cell);
        });
      });
      result.appendChild(table);
      if (probability(row, 0, 0) === null) {
        status.textContent += ": a feature is missing, so there are no probabilities.";
      }
    }

    function search() {
      matches.replaceChildren();
      result.replaceChildren();
      const wanted = input.value.toUpperCase().replace(/4FGL/, "").replace(/\s+/g, "").replace(/[\u2212\u2013]/g, "-");
      if (!wanted) {
        status.textContent = names.length + " sources. Type a name.";
        return;
      }
      const found = [];
      names.forEach((name, row) => {
        const upper = name.toUpperCase();
        if (upper.startsWith(wanted) || upper.startsWith("J" + wanted)) found.push(row);
      });
      const exact = found.find((row) => names[row].toUpperCase() === wanted || names[row].toUpperCase() === "J" + wanted);
      if (found.length === 1) return show(found[0]);
      if (!found.length) {
        status.textContent = "No source of 4FGL-DR4 has a name that starts like this.";
        return;
      }
      if (exact !== undefined) show(exact);
      else status.textContent = found.length + " sources start like this" + (found.length > MAX_MATCHES ? "; the first are" : ":");
      found.slice(0, MAX_MATCHES).forEach((row) => {
        const button = element("button", names[row]);
        button.type = "button";
        button.style.margin = "0 0.4em 0.4em 0";
        button.addEventListener("click", () => {
          input.value = names[row];
          show(row);
        });
        matches.appendChild(button);
      });
    }

    input.addEventListener("input", search);
    search();
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
