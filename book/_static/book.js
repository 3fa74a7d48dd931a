// What every page does for its reader: meanings on hover and focus, tables that say when they scroll, formulas that fit.
(function () {
  "use strict";

  // What scrolls sideways says so and can be reached by the keyboard; what does not is a plain box.
  function say(box, wide, name) {
    box.classList.toggle("scrolls", wide);
    if (wide) {
      box.tabIndex = 0;
      box.setAttribute("role", "region");
      box.setAttribute("aria-label", `${name} of the page, scrolls sideways`);
    } else ["tabindex", "role", "aria-label"].forEach((attribute) => box.removeAttribute(attribute));
  }

  // A wide table scrolls inside a box.
  function boxes() {
    document.querySelectorAll(".bd-article table").forEach((table) => {
      if (table.closest(".pst-scrollable-table-container")) return;
      const box = document.createElement("div");
      box.className = "pst-scrollable-table-container";
      table.replaceWith(box);
      box.append(table);
    });
    document.querySelectorAll(".bd-article .pst-scrollable-table-container").forEach((box, number) => {
      say(box, box.scrollWidth > box.clientWidth + 1, `Table ${number + 1}`);
    });
  }

  // On a phone a figure is smaller than it was drawn: touched, it opens alone, where it can be enlarged.
  function pictures() {
    if (!window.matchMedia("(max-width: 600px)").matches) return;
    document.querySelectorAll(".bd-article .cell_output img, .bd-article figure img").forEach((picture) => {
      if (picture.closest("a")) return;
      const link = document.createElement("a");
      link.href = picture.src;
      picture.replaceWith(link);
      link.append(picture);
    });
  }

  // Formulas have the size of the text. A display formula a little too wide is set a little smaller, never so small that it is
  // hard to read; a wider one, which only a very narrow window has, scrolls as tables do.
  const SMALLEST = 85;
  function formulas() {
    document.querySelectorAll(".bd-article mjx-container").forEach((formula) => { formula.style.fontSize = ""; });
    document.querySelectorAll(".bd-article div.math > mjx-container").forEach((formula, number) => {
      const box = formula.parentElement, inner = formula.firstElementChild;
      const room = box.clientWidth, width = inner ? inner.scrollWidth : 0;
      const size = room && width > room ? Math.floor(100 * room / width - 2) : 100;
      if (size < 100) formula.style.fontSize = `${Math.max(SMALLEST, size)}%`;
      say(box, size < SMALLEST, `Formula ${number + 1}`);
    });
  }

  function meanings() {
    const terms = typeof AGNBOOK_TERMS === "undefined" ? {} : AGNBOOK_TERMS;
    const tip = document.createElement("div");
    tip.id = "meaning";
    tip.setAttribute("role", "tooltip");
    tip.hidden = true;
    document.body.append(tip);
    const hide = () => { tip.hidden = true; };
    function show(link, text) {
      tip.textContent = text;
      tip.hidden = false;
      const place = link.getBoundingClientRect(), room = document.documentElement.clientWidth;
      tip.style.left = `${Math.max(8, Math.min(place.left, room - tip.offsetWidth - 8)) + window.scrollX}px`;
      const above = place.top > tip.offsetHeight + 12;
      tip.style.top = `${(above ? place.top - tip.offsetHeight - 8 : place.bottom + 8) + window.scrollY}px`;
    }
    document.querySelectorAll(".bd-article a[href]").forEach((link) => {
      const [page, anchor] = link.getAttribute("href").split("#");
      let text = page.endsWith("glossary.html") ? terms[anchor] : undefined;
      if (page.endsWith("bibliography.html") && link.title) {
        text = link.title;
        link.removeAttribute("title");
      }
      if (!text) return;
      link.setAttribute("aria-describedby", "meaning");
      ["mouseenter", "focus"].forEach((event) => link.addEventListener(event, () => show(link, text)));
      ["mouseleave", "blur"].forEach((event) => link.addEventListener(event, hide));
    });
    document.addEventListener("keydown", (event) => { if (event.key === "Escape") hide(); });
  }

  // Two parts of the theme that a screen reader would meet without a name.
  function names() {
    document.querySelectorAll(".bd-sidebar-primary summary").forEach((node) => node.setAttribute("aria-label", "Pages of this section"));
    const brand = document.querySelector(".navbar-brand.logo");
    if (brand && brand.parentElement) {
      brand.parentElement.setAttribute("role", "region");
      brand.parentElement.setAttribute("aria-label", "The book");
    }
  }

  function start() {
    names();
    meanings();
    pictures();
    let waiting;
    const article = document.querySelector(".bd-article");
    const room = () => `${window.innerWidth} ${article ? article.clientWidth : 0}`;
    const fit = () => { boxes(); formulas(); document.documentElement.dataset.fitted = room(); };
    const again = () => { document.documentElement.dataset.fitted = ""; clearTimeout(waiting); waiting = setTimeout(fit, 60); };
    fit();
    // The sidebars slide in and out after the window has changed, and the article with them.
    if (article) new ResizeObserver(() => { if (document.documentElement.dataset.fitted !== room()) again(); }).observe(article);
    window.addEventListener("resize", again);
    document.addEventListener("agnbook:tables", boxes);
    document.addEventListener("toggle", again, true);
    if (window.MathJax && MathJax.startup && MathJax.startup.promise) MathJax.startup.promise.then(formulas);
    else window.addEventListener("load", () => setTimeout(formulas, 100));
  }
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
