// The figures' part in the selection: they mark the words shown, and a click on them selects.
// Runs once, from the page's head, behind link.js. A figure's layout.meta says what it counts:
//   axis "x" or "y" with words: places of the summary's words along that axis
//   columns: [first, last] of the source's words for every place along the x axis; null for none
//   nodes: [[step, row], ...] of a beam tree, one a point; an entry may be null
//   min_width: pixels it wants at least
(() => {
  "use strict";
  const link = window.gistscope;
  if (link.marks) return;
  const plots = () => document.querySelectorAll(".gs-plot .js-plotly-plot");
  const metaOf = (plot) => (plot.layout && plot.layout.meta) || {};
  let waiting = 0;

  function markSoon() {
    if (!waiting) waiting = requestAnimationFrame(() => { waiting = 0; plots().forEach(mark); });
  }

  function mark(plot) {
    const meta = metaOf(plot);
    // A figure in a closed tab is marked when it is seen; see `adopt`.
    if (!meta.words || !window.Plotly || !plot.offsetParent) return;
    const wanted = shapes(meta);
    const key = JSON.stringify(wanted);
    const drawn = (plot.layout.shapes || []).length;
    if (drawn === wanted.length && (!drawn || plot.gistscopeMark === key)) return;
    plot.gistscopeMark = key;
    window.Plotly.relayout(plot, { shapes: wanted });
  }

  function shapes(meta) {
    const color = getComputedStyle(document.body).getPropertyValue("--gs-mark").trim() || "#6d66f0";
    const line = { color, width: 2 };
    const across = (axis, place) => {
      const [from, to] = [place - 0.5, place + 0.5];
      return axis === "y"
        ? { type: "rect", xref: "paper", x0: 0, x1: 1, yref: "y", y0: from, y1: to, line }
        : { type: "rect", yref: "paper", y0: 0, y1: 1, xref: "x", x0: from, x1: to, line };
    };
    // A word of several tokens has several places; a column can be a range of words.
    const marks = meta.words.flatMap((word, place) =>
      link.shown("summary").includes(word) ? [across(meta.axis, place)] : []);
    const used = link.shown("source");
    return marks.concat((meta.columns || []).flatMap((range, place) =>
      range && used.some((word) => range[0] <= word && word <= range[1]) ? [across("x", place)] : []));
  }

  function clicked(plot, event) {
    const point = event.points[0];
    const meta = metaOf(plot);
    if (meta.nodes) {
      const found = meta.nodes[point.pointNumber === undefined ? point.pointIndex : point.pointNumber];
      if (!found) return;
      const [step, row] = found;
      document.dispatchEvent(new CustomEvent("gistscope-node", { detail: { step, row } }));
    } else if (meta.words) {
      const word = meta.words[Math.round(meta.axis === "y" ? point.y : point.x)];
      if (word !== undefined) link.select(word, event.event && event.event.shiftKey);
    }
  }

  function adopt(plot) {
    const meta = metaOf(plot);
    const width = meta.min_width ? `${meta.min_width}px` : "";
    if (plot.style.minWidth !== width) {
      plot.style.minWidth = width;
      // Gradio draws plots as responsive, so Plotly itself answers this.
      requestAnimationFrame(() => window.dispatchEvent(new Event("resize")));
    }
    if (plot.gistscopeLinked || !plot.on) return;
    plot.gistscopeLinked = true;
    plot.on("plotly_click", (event) => clicked(plot, event));
    plot.on("plotly_afterplot", () => { adopt(plot); markSoon(); });
    new IntersectionObserver(markSoon).observe(plot);
    markSoon();
  }

  link.marks = markSoon;
  function start() {
    link.listen(document.documentElement, markSoon);
    new MutationObserver(() => plots().forEach((plot) => { if (!plot.gistscopeLinked) adopt(plot); }))
      .observe(document.body, { childList: true, subtree: true });
  }
  if (document.body) start();
  else document.addEventListener("DOMContentLoaded", start);
})();
