// One selection for all views. Components publish and listen here; none knows another.
// Runs once, from the page's head. Text never passes through innerHTML.
(() => {
  "use strict";
  if (window.gistscope) return;
  const listeners = new Set();
  const state = { selected: [], preview: null, stopped: false };

  function notify() {
    for (const listener of [...listeners]) {
      if (listener.owner.isConnected) listener.paint(shown());
      else listeners.delete(listener);
    }
    markPlots();
  }

  // Words to show: the previewed one, or else those selected.
  function shown() {
    return state.preview === null ? state.selected : [state.preview];
  }

  const api = {
    shown,
    selected: () => state.selected,
    select(word, add = false) {
      const others = state.selected.filter((other) => other !== word);
      const again = others.length < state.selected.length;
      if (add) state.selected = again ? others : [...others, word];
      else state.selected = again && !others.length ? [] : [word];
      state.preview = null;
      notify();
    },
    preview(word) {
      if (state.preview === word) return;
      state.preview = word;
      notify();
    },
    clear() {
      state.selected = [];
      state.preview = null;
      notify();
    },
    // A run begins: nothing is selected and nothing was stopped.
    begin() {
      state.stopped = false;
      api.clear();
    },
    // Stop was pressed: an update may still be on its way, and must not look like a running one.
    stop() {
      state.stopped = true;
      notify();
    },
    stopped: () => state.stopped,
    // `paint(words)` is called on every change for as long as `owner` is in the page.
    listen(owner, paint) {
      listeners.add({ owner, paint });
      paint(shown());
    },
    theme(name) {
      document.body.classList.toggle("dark", name === "dark");
      try { localStorage.setItem("gistscope-theme", name); } catch { /* storage may be off */ }
      document.querySelectorAll(".gs-theme").forEach((button) =>
        button.setAttribute("aria-pressed", String(name === "dark")));
    },
  };
  window.gistscope = api;

  // ---- plots -------------------------------------------------------------------------------
  // A figure's layout.meta says which axis counts words, and how wide it wants to be at least.
  const plots = () => document.querySelectorAll(".gs-plot .js-plotly-plot");

  function markPlots() {
    plots().forEach((plot) => {
      const meta = plot.layout && plot.layout.meta;
      if (!meta || !meta.words || !window.Plotly) return;
      const wanted = shapes(meta, shown());
      const key = JSON.stringify(wanted);
      if (plot.gistscopeMark === key && (plot.layout.shapes || []).length === wanted.length) return;
      plot.gistscopeMark = key;
      window.Plotly.relayout(plot, { shapes: wanted });
    });
  }

  function shapes(meta, words) {
    const line = { color: "#6d66f0", width: 2 };
    const marks = [];
    meta.words.forEach((word, place) => {
      if (!words.includes(word)) return;
      const along = [place - 0.5, place + 0.5];
      marks.push(meta.axis === "y"
        ? { type: "rect", xref: "paper", x0: 0, x1: 1, yref: "y", y0: along[0], y1: along[1], line }
        : { type: "rect", yref: "paper", y0: 0, y1: 1, xref: "x", x0: along[0], x1: along[1], line });
    });
    return marks;
  }

  function adopt(plot) {
    const meta = plot.layout && plot.layout.meta;
    const width = meta && meta.min_width ? `${meta.min_width}px` : "";
    if (plot.style.minWidth !== width) {
      plot.style.minWidth = width;
      // Gradio draws plots as responsive, so Plotly itself answers this.
      requestAnimationFrame(() => window.dispatchEvent(new Event("resize")));
    }
    if (plot.gistscopeLinked || !plot.on) return;
    plot.gistscopeLinked = true;
    plot.on("plotly_click", (event) => {
      const point = event.points[0];
      const now = plot.layout.meta;
      if (!now || !now.words) return;
      const word = now.words[Math.round(now.axis === "y" ? point.y : point.x)];
      if (word !== undefined) api.select(word, event.event && event.event.shiftKey);
    });
    plot.on("plotly_afterplot", () => { adopt(plot); markPlots(); });
    markPlots();
  }

  // ---- page --------------------------------------------------------------------------------
  function wanted() {
    let stored = null;
    try { stored = localStorage.getItem("gistscope-theme"); } catch { /* storage may be off */ }
    const asked = new URLSearchParams(location.search).get("__theme");
    if (asked === "dark" || asked === "light") return asked;
    return stored || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
  }

  function press(id) {
    const found = document.getElementById(id);
    const button = found && (found.matches("button") ? found : found.querySelector("button"));
    if (button && !button.disabled) button.click();
    return Boolean(button && !button.disabled);
  }

  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      event.stopPropagation();
      press("summarize");
    } else if (event.key === "Escape" && !press("stop")) {
      api.clear();
    }
  }, true);

  document.addEventListener("click", (event) => {
    const button = event.target.closest && event.target.closest(".gs-theme");
    if (button) api.theme(document.body.classList.contains("dark") ? "light" : "dark");
  });

  function start() {
    api.theme(wanted());
    new MutationObserver(() => plots().forEach((plot) => { if (!plot.gistscopeLinked) adopt(plot); }))
      .observe(document.body, { childList: true, subtree: true });
  }
  if (document.body) start();
  else document.addEventListener("DOMContentLoaded", start);
})();
