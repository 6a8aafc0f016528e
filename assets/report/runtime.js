// Makes a report's components and figures, as Gradio does on the page. Runs once, at the end of the
// body. A component's script is a function of element, props, watch and trigger; here its events
// can only change which of the stored hypotheses is shown.
(() => {
  "use strict";
  const held = JSON.parse(document.getElementById("gistscope-views").textContent);
  const mounted = [];

  function mount(element) {
    const name = element.dataset.component;
    const props = { value: held.views[held.shown].values[name] };
    const watchers = [];
    const watch = (prop, callback) => { if (prop === "value") watchers.push(callback); };
    window.gistscopeComponents[name](element, props, watch, happened);
    mounted.push({ name, props, watchers });
  }

  function happened(event, detail) {
    if (event === "hypothesis_chosen") show(detail.place);
    if (event === "node_chosen") show(through(detail.step, detail.row));
  }

  // The best hypothesis that came through a row of a step; -1 when all of those were pruned.
  function through(step, row) {
    return held.rows.findIndex((rows) => rows[step] === row);
  }

  function show(place) {
    if (!held.views[place] || place === held.shown) return;
    held.shown = place;
    mounted.forEach(({ name, props, watchers }) => {
      props.value = held.views[place].values[name];
      watchers.forEach((callback) => callback());
    });
    draw();
  }

  // One figure after another, so that words can be clicked while the rest is drawn.
  async function draw() {
    const place = held.shown;
    for (const element of document.querySelectorAll("[data-figure]")) {
      if (held.shown !== place) return; // another hypothesis is being drawn since
      // Plotly changes what it is given, and a hypothesis may be shown again.
      const { data, layout } = structuredClone(held.views[place].figures[element.dataset.figure]);
      const plot = element.firstElementChild;
      const width = (layout.meta || {}).min_width;
      plot.style.minWidth = width ? `${width}px` : ""; // before it is drawn: else it is drawn twice
      window.Plotly.react(plot, data, { ...layout, template: held.template, autosize: true },
        { responsive: true, displayModeBar: false });
      await new Promise((done) => { setTimeout(done); });
    }
  }

  document.querySelectorAll("[data-figure]").forEach((element) => {
    element.append(document.createElement("div")); // Plotly's own; the element around it scrolls
  });
  document.querySelectorAll("[data-component]").forEach(mount);
  draw();
})();
