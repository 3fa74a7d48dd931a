// The 7-42-1 network of chapter 15 in the reader's browser: the twin of BlazarNetwork.answer in Python.
// The weights come as AGNBOOK_CLASSIFIER from classifier_weights.js, so that the page also works from a disk.
// Text enters the page through textContent only.
(function () {
  "use strict";
  const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
  const SED = ["nuFnu_syn", "nu_syn"];
  // Round numbers near the medians of the two classes in 4LAC-DR3.
  const EXAMPLES = [
    ["BL Lac", ["2.0", "1.9", "0.3", "2500", "20", "2e-12", "5e14"]],
    ["FSRQ", ["2.5", "2.4", "0.7", "800", "100", "1.5e-12", "6e12"]],
  ];

  function element(tag, text) {
    const node = document.createElement(tag);
    if (text !== undefined) node.textContent = text;
    return node;
  }

  // "value", "ln(value)" or "ln(value + 1e-12)", as the weights file says.
  function transformation(text) {
    const found = /^ln\(value(?: \+ (\S+))?\)$/.exec(text);
    return { log: found !== null, offset: found && found[1] ? Number(found[1]) : 0 };
  }

  function logit(network, x) {
    let sum = network.output_bias;
    network.hidden_bias.forEach((bias, unit) => {
      let input = bias;
      x.forEach((value, k) => {
        input += ((value - network.mean[k]) / network.scale[k]) * network.hidden_weights[k][unit];
      });
      sum += Math.max(input, 0) * network.output_weights[unit];
    });
    return sum;
  }

  function short(value) {
    const size = Math.abs(value);
    const plain = size === 0 || (size >= 0.01 && size < 1e5);
    return plain ? String(Number(value.toPrecision(3))) : value.toExponential(1).replace("+", "");
  }

  function start() {
    const form = document.getElementById("classifier-form");
    const result = document.getElementById("classifier-result");
    if (!form || !result) return;
    if (typeof AGNBOOK_CLASSIFIER === "undefined") {
      result.textContent = "The file classifier_weights.js did not load. Reload the page, or build the book again.";
      return;
    }
    const network = AGNBOOK_CLASSIFIER;
    const names = network.features;
    const rules = names.map((name) => transformation(network.transform[name]));
    const inputs = names.map((name) => document.getElementById("classifier-" + name));
    const notes = names.map((name) => document.getElementById("classifier-" + name + "-note"));
    const noSed = document.getElementById("classifier-no-sed");
    const ranges = names.map((_, k) => {
      const [low, high] = [network.low[k], network.high[k]].map((x) => (rules[k].log ? Math.exp(x) - rules[k].offset : x));
      // the lowest training value of a SED column is 0, no fit
      const unlimited = rules[k].offset > 0 && low < 1e-3 * rules[k].offset;
      return unlimited ? "up to " + short(high) : short(low) + " to " + short(high);
    });

    // Returns [value, complaint]; the same values are refused as in Python.
    function read(k) {
      const text = inputs[k].value.trim().replace(/[\u2212\u2013]/g, "-");
      const missing = SED.includes(names[k]);
      if (missing && noSed.checked) return [0, ""];
      if (!text) return [NaN, "Type a number" + (missing ? ", or tick \u201cno SED fit\u201d." : ".")];
      if (!NUMBER.test(text)) return [NaN, "Not a number. Write it like 2.1 or 5e14, with a decimal point."];
      const value = Number(text);
      if (!Number.isFinite(value)) return [NaN, "This number is too large."];
      if (rules[k].log && value <= 0) {
        return [NaN, "Must be greater than 0" + (missing ? "; if there was no fit, tick \u201cno SED fit\u201d." : ".")];
      }
      if (names[k] === "Frac_Variability" && value < 0) return [NaN, "Must be 0 or greater."];
      return [value, ""];
    }

    function refuse(text) {
      delete result.dataset.probability;
      delete result.dataset.logit;
      delete result.dataset.outOfRange;
      result.replaceChildren(element("p", text));
    }

    function update() {
      const answers = names.map((_, k) => read(k));
      const bad = answers.filter(([, complaint]) => complaint).length;
      answers.forEach(([, complaint], k) => {
        inputs[k].disabled = SED.includes(names[k]) && noSed.checked;
        notes[k].textContent = complaint || "in training: " + ranges[k].replace(/^-/, "\u2212");
        notes[k].classList.toggle("bad", complaint !== "");
        inputs[k].setAttribute("aria-invalid", String(complaint !== ""));
      });
      if (bad) return refuse("No result yet: " + (bad === 1 ? "one field needs" : bad + " fields need") + " a valid number.");

      const x = answers.map(([value], k) => (rules[k].log ? Math.log(value + rules[k].offset) : value));
      const score = logit(network, x);
      if (!Number.isFinite(score)) return refuse("No result: a number is too large to compute with.");
      const probability = 1 / (1 + Math.exp(-score));
      // relative slack, as in Python: a feature of the training set itself must not fall out by rounding
      const outside = names.filter((_, k) => {
        const slack = 1e-6 * (network.high[k] - network.low[k]);
        return x[k] < network.low[k] - slack || x[k] > network.high[k] + slack;
      });
      result.dataset.probability = String(probability);
      result.dataset.logit = String(score);
      result.dataset.outOfRange = outside.join(", ");

      const likely = probability >= 0.5 ? "FSRQ" : "BL Lac";
      const clear = Math.max(probability, 1 - probability) >= 0.9;
      const shown = probability < 1e-4 ? "below 0.0001" : probability > 0.9999 ? "above 0.9999" : "= " + probability.toFixed(4);
      const big = Math.abs(score) >= 1e4;
      result.replaceChildren(
        element("strong", clear ? "Probably " + (likely === "FSRQ" ? "an FSRQ" : "a BL Lac") : "Undecided, leans towards " + likely),
        element("p", "P(FSRQ) " + shown + ", logit = " + (big ? score.toExponential(1) : score.toFixed(1)).replace("-", "\u2212")),
      );
      const warnings = outside.map(
        (name) => name + " is outside its range in training (" + ranges[names.indexOf(name)] + "): the network extrapolates.",
      );
      if (noSed.checked) warnings.unshift("Without an SED fit the two classes are told apart much less well.");
      if (warnings.length) {
        const list = element("ul");
        warnings.forEach((text) => list.appendChild(element("li", "Warning: " + text)));
        result.appendChild(list);
      }
    }

    EXAMPLES.forEach(([label, values]) => {
      const button = element("button", "Example: " + label);
      button.type = "button";
      button.addEventListener("click", () => {
        noSed.checked = false;
        inputs.forEach((input, k) => (input.value = values[k]));
        update();
      });
      document.getElementById("classifier-examples").appendChild(button);
    });
    form.addEventListener("input", update);
    form.addEventListener("submit", (event) => event.preventDefault());
    inputs.forEach((input, k) => (input.placeholder = "such as " + EXAMPLES[0][1][k]));
    document.querySelector("#classifier-examples button").click();
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
