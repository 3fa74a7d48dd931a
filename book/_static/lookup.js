// Look a source up by name, alias or position. The data come as AGNBOOK_LOOKUP from lookup_data.js, so that the page also
// works from a disk. Everything enters the page as text (textContent), never as HTML.
(function () {
  "use strict";
  const MAX_MATCHES = 12;
  const degrees = Math.PI / 180;

  // What people write differently: capitals, spaces, dashes, the release of 4FGL.
  function simplified(name) {
    return name.toLowerCase().replace(/[\s_]+/g, "").replace(/[\u2010-\u2014\u2212]/g, "-")
      .replace(/^(4fgl(-?dr\d)?-?|fl16y-?)(?=j\d)/, "").replace(/^(markarian|mrk)(?=\d)/, "mkn");
  }

  // Right ascension and declination in degrees, or null: "166.114 38.209", "11:04:27 +38:12:31", "11h04m27s +38d12m31s".
  function position(text) {
    const plain = text.trim().replace(/[\u2010-\u2014\u2212]/g, "-");
    let found = plain.match(/^(\d+(?:\.\d*)?)[\s,]+([+-]?\d+(?:\.\d*)?)$/);
    if (found) return valid(+found[1], +found[2]);
    found = plain.match(/^(\d{1,2})[:h\s]\s*(\d{1,2})[:m\s]\s*(\d+(?:\.\d*)?)s?[\s,]+([+-]?)(\d{1,2})[:d°\s]\s*(\d{1,2})(?:[:m'′\s]\s*(\d+(?:\.\d*)?)?[s"″]?)?$/i);
    if (!found) return null;
    const ra = 15 * (+found[1] + found[2] / 60 + found[3] / 3600);
    const dec = (found[4] === "-" ? -1 : 1) * (+found[5] + found[6] / 60 + (found[7] || 0) / 3600);
    return valid(ra, dec);
  }
  const valid = (ra, dec) => (ra <= 360 && Math.abs(dec) <= 90 ? { ra, dec } : null);

  function separation(a, b) { // degrees
    const h = Math.sin((b.dec - a.dec) * degrees / 2) ** 2
      + Math.cos(a.dec * degrees) * Math.cos(b.dec * degrees) * Math.sin((b.ra - a.ra) * degrees / 2) ** 2;
    return 2 * Math.asin(Math.min(1, Math.sqrt(h))) / degrees;
  }

  function galactic({ ra, dec }) { // longitude and latitude in degrees, from J2000
    const pole = { ra: 192.85948 * degrees, dec: 27.12825 * degrees };
    const d = dec * degrees, r = ra * degrees - pole.ra;
    const b = Math.asin(Math.sin(d) * Math.sin(pole.dec) + Math.cos(d) * Math.cos(pole.dec) * Math.cos(r));
    const y = Math.cos(d) * Math.sin(r), x = Math.sin(d) * Math.cos(pole.dec) - Math.cos(d) * Math.sin(pole.dec) * Math.cos(r);
    return { l: ((122.93192 - Math.atan2(y, x) / degrees) % 360 + 360) % 360, b: b / degrees };
  }

  function aitoff({ l, b }) { // x from -2 to 2, y from -1 to 1; longitude grows to the left
    const lambda = ((l + 180) % 360 - 180) * degrees, phi = b * degrees;
    const alpha = Math.acos(Math.cos(phi) * Math.cos(lambda / 2)), s = alpha < 1e-9 ? 1 : Math.sin(alpha) / alpha;
    return [-2 * Math.cos(phi) * Math.sin(lambda / 2) / s / (Math.PI / 2), Math.sin(phi) / s / (Math.PI / 2)];
  }

  function element(tag, text, attributes) {
    const node = document.createElement(tag);
    if (text !== undefined) node.textContent = text;
    Object.entries(attributes || {}).forEach(([name, value]) => node.setAttribute(name, value));
    return node;
  }

  function drawing(width, height, label) {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    svg.setAttribute("role", "img");
    svg.setAttribute("aria-label", label);
    svg.classList.add("drawing");
    svg.draw = (tag, attributes, text) => {
      const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
      Object.entries(attributes).forEach(([name, value]) => node.setAttribute(name, value));
      if (text !== undefined) node.textContent = text;
      return svg.appendChild(node);
    };
    return svg;
  }

  function table(head, rows, className) {
    const box = element("div", undefined, { class: "pst-scrollable-table-container" });
    const node = element("table", undefined, { class: "table " + (className || "") });
    const line = node.createTHead().insertRow();
    head.forEach((text) => line.appendChild(element("th", text, { scope: "col" })));
    const body = node.createTBody();
    rows.forEach(([first, ...cells]) => {
      const row = body.insertRow();
      const title = row.appendChild(element("th", undefined, { scope: "row" }));
      title.append(first);
      cells.forEach((cell) => {
        const place = row.insertCell();
        place.append(cell);
        if (typeof cell === "string" && /^[−+<]?\d/.test(cell)) place.className = "number";
      });
    });
    box.appendChild(node);
    return box;
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
    const names = data.names.split(" "), classes = data.class.split(" ");
    const counterparts = data.counterpart.split("\n"), aliases = data.aliases.split("\n"), later = data.later.split("\n");
    const size = data.groups.length * data.models.length;
    const index = new Map(); // simplified name -> rows
    const add = (name, row) => {
      const key = simplified(name);
      if (!key) return;
      if (!index.has(key)) index.set(key, []);
      if (!index.get(key).includes(row)) index.get(key).push(row);
    };
    names.forEach((name, row) => add(name, row));
    names.forEach((name, row) => {
      [counterparts[row], later[row].split(" | ")[0], ...aliases[row].split(" | ")].forEach((other) => add(other, row));
    });
    names.forEach((name, row) => index.set(simplified(name), [row])); // a source's own name is no other's

    const place = (row) => ({ ra: data.ra[row], dec: data.dec[row] });
    const unpack = (text, row, model, group) => {
      const begin = 2 * (row * size + model * data.groups.length + group);
      const code = text.slice(begin, begin + 2);
      return code === "--" ? null : parseInt(code, 36) / 1000;
    };
    const anchor = (row) => "#4FGL-" + names[row];
    const title = (row) => "4FGL " + names[row];
    const link = (row, text) => element("a", text || title(row), { href: anchor(row) });
    const described = (row) => (counterparts[row] ? `${counterparts[row]}, ${classes[row]}` : "unassociated");

    function nearest(here, count, except) {
      return names.map((_, row) => row).filter((row) => row !== except)
        .map((row) => [separation(here, place(row)), row]).sort((a, b) => a[0] - b[0]).slice(0, count);
    }

    function facts(row) {
      const list = element("dl", undefined, { class: "facts" });
      const add = (name, ...parts) => { list.appendChild(element("dt", name)); list.appendChild(element("dd")).append(...parts); };
      const { l, b } = galactic(place(row));
      const [name, kind, other, outcome] = later[row].split(" | ");
      add("4FGL-DR4", described(row));
      add("Position", `RA ${data.ra[row].toFixed(3)}°, Dec ${data.dec[row].toFixed(3)}° (J2000); l ${l.toFixed(2)}°, b ${b.toFixed(2)}°`
        + (data.radius[row] === null ? "" : `; 95 % within ${data.radius[row].toFixed(3)}°`));
      add("FL16Y says", data.outcomes[outcome] === "vanished" ? "no successor found"
        : `${data.outcomes[outcome]}: FL16Y ${name}, ` + (kind ? `${kind}, ${other === "=" ? counterparts[row] : other}` : "unassociated"));
      if (aliases[row]) add("Also called", aliases[row].split(" | ").join(", "));
      return list;
    }

    const room = () => Math.max(280, Math.min(640, result.clientWidth)); // drawn at its size, so that a phone's text is no smaller

    function groupPicture(row) {
      const width = room(), lane = 40, left = 70, right = 20, height = data.groups.length * lane + 34;
      const x = (value) => left + value * (width - left - right);
      const svg = drawing(width, height, "Probability of each group by four models, with the spread over trainings; the numbers are in the table below.");
      (width > 400 ? [0, 0.25, 0.5, 0.75, 1] : [0, 0.5, 1]).forEach((value) => {
        svg.draw("line", { x1: x(value), x2: x(value), y1: 4, y2: height - 28, class: "grid" });
        svg.draw("text", { x: x(value), y: height - 8, "text-anchor": "middle" }, String(value));
      });
      data.groups.forEach((group, g) => {
        svg.draw("text", { x: left - 10, y: g * lane + lane / 2 + 5, "text-anchor": "end" }, group);
        data.models.forEach((model, m) => {
          const value = unpack(data.probability, row, m, g), spread = unpack(data.spread, row, m, g);
          const y = g * lane + 10 + m * 7;
          svg.draw("line", { x1: x(Math.max(0, value - spread)), x2: x(Math.min(1, value + spread)), y1: y, y2: y, class: `model-${m}` });
          const dot = svg.draw("circle", { cx: x(value), cy: y, r: 4, class: `model-${m}` });
          dot.appendChild(document.createElementNS(svg.namespaceURI, "title")).textContent = `${model}: ${value.toFixed(2)} ± ${spread.toFixed(2)}`;
        });
      });
      return svg;
    }

    function groups(row) {
      const box = element("section");
      box.appendChild(element("h2", "Class, by every model"));
      if (unpack(data.probability, row, 0, 0) === null) {
        box.appendChild(element("p", "A feature is missing, so there are no probabilities of the six groups."));
      } else {
        const key = box.appendChild(element("p", undefined, { class: "key" }));
        data.models.forEach((model, m) => {
          key.appendChild(element("span", "●", { class: `model-${m}`, "aria-hidden": "true" }));
          key.append(` ${model}  `);
        });
        box.appendChild(groupPicture(row));
        box.appendChild(table(["group", ...data.models], data.groups.map((group, g) => [group,
          ...data.models.map((_, m) => `${unpack(data.probability, row, m, g).toFixed(2)} ± ${unpack(data.spread, row, m, g).toFixed(2)}`)]), "groups"));
      }
      const more = [];
      if (data.sealed[row]) more.push(["P(active galaxy), sealed ensemble", ...data.sealed[row].map((value) => value.toFixed(3)), "range of its members"]);
      if (data.fsrq[row]) more.push(["P(FSRQ) of a blazar, five voters", ...data.fsrq[row].map((value) => value.toFixed(3)), "95 % interval"]);
      if (more.length) box.appendChild(table(["model", "value", "low", "high", "low and high are"], more));
      return box;
    }

    // One line a model that answers for the source: was it trained on it?
    function trained(row) {
      const box = element("section");
      box.appendChild(element("h2", "Trained on this source?"));
      const list = box.appendChild(element("dl", undefined, { class: "facts trained" }));
      const add = (model, answer) => { list.appendChild(element("dt", model)); list.appendChild(element("dd", answer)); };
      if (unpack(data.probability, row, 0, 0) !== null) data.models.forEach((model, m) => add(model, (parseInt(data.trained[row], 16) >> m) & 1
        ? "yes, in other splits; those that did not train on it answer here" : "no, it was unassociated"));
      if (data.sealed[row]) add("sealed ensemble", "no, it was unassociated");
      if (data.fsrq[row]) add("five voters", "no, its type was uncertain");
      if (data.redshift[row]) add("redshift", "no, it had no redshift");
      if (!list.children.length) box.appendChild(element("p", "No model answers for it."));
      return box;
    }

    // Steps of equal stated probability between the quantiles, intervals below.
    function redshift(row) {
      const box = element("section");
      box.appendChild(element("h2", "Redshift"));
      const values = data.redshift[row];
      if (!values) {
        box.appendChild(element("p", "The book predicts a redshift only for active galaxies of 4LAC-DR3 that have none there."));
        return box;
      }
      const [q025, q160, q500, q840, q975, low68, high68, low95, high95] = values;
      const width = room(), height = 210, left = 70, right = 20, ground = 110, end = Math.max(q975, high95, 1) * 1.08;
      const x = (value) => left + value / end * (width - left - right);
      const text = `median ${q500.toFixed(2)}; 68.3 % between ${low68.toFixed(2)} and ${high68.toFixed(2)}; 95.4 % between ${low95.toFixed(2)} and ${high95.toFixed(2)}`;
      const svg = drawing(width, height, `Redshift posterior: ${text}.`);
      const edges = [q025, q160, q500, q840, q975], mass = [0.135, 0.34, 0.34, 0.135];
      const density = mass.map((part, k) => part / Math.max(edges[k + 1] - edges[k], 1e-3)), top = Math.max(...density);
      mass.forEach((part, k) => svg.draw("rect", { x: x(edges[k]), width: x(edges[k + 1]) - x(edges[k]),
        y: ground - 100 * density[k] / top, height: 100 * density[k] / top, class: k % 3 ? "inner" : "outer" }));
      svg.draw("line", { x1: x(q500), x2: x(q500), y1: 4, y2: 172, class: "median" });
      [[low68, high68, "68.3 %", 132], [low95, high95, "95.4 %", 156]].forEach(([low, high, name, y]) => {
        svg.draw("line", { x1: x(low), x2: x(high), y1: y, y2: y, class: "interval" });
        svg.draw("text", { x: left - 10, y: y + 5, "text-anchor": "end" }, name);
      });
      svg.draw("line", { x1: left, x2: width - right, y1: 176, y2: 176, class: "axis" });
      const step = [0.1, 0.2, 0.25, 0.5, 1, 2].find((size) => end / size <= width / 90) || 2;
      for (let value = 0; value <= end; value += step) svg.draw("text", { x: x(value), y: 197, "text-anchor": "middle" }, String(+value.toFixed(2)));
      box.appendChild(svg);
      box.appendChild(element("p", `${text[0].toUpperCase()}${text.slice(1)} (calibrated intervals). The four steps hold the central 95 % of the predicted distribution: 34 % on each side of the median, 13.5 % beyond each.`));
      return box;
    }

    function skyMap(row) {
      const box = element("section");
      box.appendChild(element("h2", "On the sky"));
      const canvas = box.appendChild(element("canvas", undefined, { width: 1280, height: 640, class: "drawing", role: "img",
        "aria-label": `Map of the sky in Galactic coordinates with all sources; ${title(row)} is ringed.` }));
      const ink = getComputedStyle(result).color, pen = canvas.getContext("2d");
      const point = (where) => { const [x, y] = aitoff(galactic(where)); return [640 + 310 * x, 320 - 310 * y]; };
      pen.strokeStyle = pen.fillStyle = ink;
      pen.globalAlpha = 0.5;
      pen.beginPath();
      pen.ellipse(640, 320, 620, 310, 0, 0, 2 * Math.PI);
      pen.stroke();
      pen.globalAlpha = 0.28;
      names.forEach((_, other) => pen.fillRect(...point(place(other)), 2.5, 2.5));
      pen.globalAlpha = 1;
      pen.strokeStyle = pen.fillStyle = "#d55e00";
      pen.lineWidth = 5;
      pen.beginPath();
      pen.arc(...point(place(row)), 18, 0, 2 * Math.PI);
      pen.stroke();
      const near = nearest(place(row), 3, row);
      box.appendChild(element("p", "Galactic coordinates, centre of the Milky Way in the middle, longitude to the left. Nearest on the sky:"));
      const list = box.appendChild(element("ul"));
      near.forEach(([angle, other]) => list.appendChild(element("li")).append(link(other), ` (${described(other)}), ${angle.toFixed(2)}° away`));
      return box;
    }

    function alike(row) {
      const box = element("section");
      box.appendChild(element("h2", "Sources alike"));
      if (!data.alike[row].length) {
        box.appendChild(element("p", "A feature is missing, so there are none to compare with."));
        return box;
      }
      box.appendChild(element("p", "Associated sources of 4FGL-DR4 with the most similar gamma rays (spectral indices, energy, variability), nearest first:"));
      const list = box.appendChild(element("ul"));
      data.alike[row].forEach((other) => list.appendChild(element("li")).append(link(other), ` (${described(other)})`));
      return box;
    }

    function show(row) {
      matches.replaceChildren();
      status.textContent = `${title(row)}: ${described(row)}.`;
      const head = element("p", "Link to this source: ", { class: "share" });
      head.appendChild(link(row, location.pathname.split("/").pop() + anchor(row)));
      result.replaceChildren(head, facts(row), groups(row), redshift(row), trained(row), skyMap(row), alike(row));
      result.dataset.source = names[row];
      history.replaceState(null, "", location.pathname + anchor(row));
      document.dispatchEvent(new Event("agnbook:tables"));
    }

    function offer(rows, text, note) {
      result.replaceChildren();
      delete result.dataset.source;
      status.textContent = text;
      matches.replaceChildren(...rows.slice(0, MAX_MATCHES).map((row, k) => {
        const button = element("button", title(row) + (note ? ` (${note(k)})` : ""), { type: "button" });
        button.addEventListener("click", () => { input.value = title(row); show(row); });
        return button;
      }));
    }

    function search() {
      const wanted = simplified(input.value), here = position(input.value);
      if (!wanted) return offer([], `${names.length} sources. Type a name, another catalogue's name or a position.`);
      if (here) {
        const near = nearest(here, 5);
        const [angle, row] = near[0];
        if (angle <= Math.max(1.52 * (data.radius[row] || 0), 0.03)) return show(row);
        return offer(near.map((pair) => pair[1]), "No source lies there; the nearest are:", (k) => `${near[k][0].toFixed(2)}° away`);
      }
      const exact = index.get(wanted) || index.get("j" + wanted);
      if (exact && exact.length === 1) return show(exact[0]);
      if (exact) return offer(exact, `${exact.length} sources are called so:`);
      const found = new Set();
      index.forEach((rows, key) => { if (key.startsWith(wanted) || key.startsWith("j" + wanted)) rows.forEach((row) => found.add(row)); });
      const rows = [...found].sort((a, b) => a - b);
      if (rows.length === 1) return show(rows[0]);
      if (!rows.length) return offer([], "No source of 4FGL-DR4 has a name that starts like this.");
      return offer(rows, `${rows.length} sources have a name that starts like this${rows.length > MAX_MATCHES ? "; the first are" : ""}:`);
    }

    function fromAddress() {
      const asked = decodeURIComponent(location.hash.slice(1)), query = new URLSearchParams(location.search).get("q");
      if (/^4FGL-J/i.test(asked)) input.value = asked.replace(/^4FGL-/i, "4FGL ");
      else if (query) input.value = query;
      search();
    }

    let waiting;
    input.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(search, 120); });
    window.addEventListener("hashchange", fromAddress);
    new MutationObserver(() => { if (result.dataset.source) show(names.indexOf(result.dataset.source)); }) // the map takes the page's ink
      .observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
    fromAddress();
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
