// Filter and sort the table of claims. Without this script the whole table stands there.
(function () {
  "use strict";
  function start() {
    const form = document.getElementById("scorecard-form"), table = document.getElementById("scorecard-table");
    if (!form || !table) return;
    const body = table.tBodies[0], rows = [...body.rows];
    const field = (name) => document.getElementById("scorecard-" + name);
    const [part, verdict, order, words, count] = ["part", "verdict", "order", "words", "count"].map(field);
    form.hidden = false;

    function apply() {
      const wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      rows.forEach((row) => {
        const text = wanted.length ? row.textContent.toLowerCase() : "";
        row.hidden = (part.value && row.dataset.part !== part.value) || (verdict.value && row.dataset.verdict !== verdict.value)
          || !wanted.every((word) => text.includes(word));
        if (!row.hidden) shown += 1;
      });
      const sign = { size: -1, "-size": 1 }[order.value];
      const size = (row) => (row.dataset.size === undefined ? (sign < 0 ? -1 : Infinity) : +row.dataset.size);
      const sorted = sign ? [...rows].sort((a, b) => sign * (size(a) - size(b)) || 0) : rows;
      body.replaceChildren(...sorted);
      count.textContent = `${shown} of ${rows.length} claims`;
    }

    function reveal(id) { // a claim that a link asks for is shown whatever the filter says
      const row = id && document.getElementById(id);
      if (!row || !table.contains(row)) return;
      if (row.hidden) { form.reset(); apply(); }
      row.scrollIntoView({ block: "center" });
      rows.forEach((other) => other.classList.toggle("asked", other === row));
    }

    [part, verdict, order].forEach((node) => node.addEventListener("change", apply));
    words.addEventListener("input", apply);
    document.querySelectorAll(".scorecard-picture [data-claim]").forEach((mark) => mark.addEventListener("click", () => {
      location.hash = "claim-" + mark.dataset.claim;
    }));
    const asked = () => reveal(decodeURIComponent(location.hash.slice(1)));
    window.addEventListener("hashchange", asked);
    apply();
    asked();
  }
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
