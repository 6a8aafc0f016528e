// One selection for all views, and what the views share: the words chosen, the attention between
// them, the state of the run. Components publish and listen here; none knows another. Runs once,
// from the page's head, behind language.js. Text never passes through innerHTML.
(() => {
  "use strict";
  const api = (window.gistscope = window.gistscope || {});
  if (api.select) return;
  const MARK = /^[\p{Pe}\p{Pf}.,;:!?…%"'’。，、；：！？]+$/u;
  const listeners = new Set();
  // `words` are places of the summary's or the source's words, as `side` says: never of both.
  const state = { side: "summary", words: [], preview: null, running: false, stopped: false };
  let weights = null; // { bytes, peaks, columns }: cell (r, c) is bytes[r * columns + c] / 255 * peaks[r]
  let newest = null; // the attention asked for last
  let waiting = 0;

  function notify() {
    cancelAnimationFrame(waiting);
    waiting = 0;
    for (const listener of [...listeners]) {
      if (listener.owner.isConnected) listener.paint(shown());
      else listeners.delete(listener);
    }
  }

  // Pointers move more often than the screen is drawn.
  function soon() {
    if (!waiting) waiting = requestAnimationFrame(notify);
  }

  // Words to show: the previewed one, or else those selected; none when the other side has them.
  function shown(side = "summary") {
    const now = state.preview || state;
    return now.side === side ? now.words : [];
  }

  Object.assign(api, {
    texts: { summary: [], source: [] }, // the words themselves; set by whoever draws them
    shown,
    selected: (side = "summary") => (state.side === side ? state.words : []),
    select(place, add = false, side = "summary") {
      const before = state.side === side ? state.words : [];
      const others = before.filter((other) => other !== place);
      const again = others.length < before.length;
      if (add) state.words = again ? others : [...others, place];
      else state.words = again && !others.length ? [] : [place];
      state.side = side;
      state.preview = null;
      notify();
    },
    // Pointing at a word never hides what was selected on the other side.
    preview(place, side = "summary") {
      const hidden = place === null || (state.words.length && state.side !== side);
      const before = state.preview;
      if (hidden ? !before : before && before.side === side && before.words[0] === place) return;
      state.preview = hidden ? null : { side, words: [place] };
      soon();
    },
    clear() {
      state.words = [];
      state.preview = null;
      notify();
    },
    // A run begins: nothing is selected and nothing was stopped.
    begin() {
      state.running = true;
      state.stopped = false;
      api.clear();
    },
    // Stop was pressed: an update may still be on its way, and must not look like a running one.
    stop() {
      state.running = false;
      state.stopped = true;
      notify();
    },
    finish() {
      if (!state.running) return;
      state.running = false;
      notify();
    },
    running: () => state.running,
    stopped: () => state.stopped,
    // `paint(words of the summary)` is called on every change while `owner` is in the page.
    listen(owner, paint) {
      listeners.add({ owner, paint });
      paint(shown());
    },
  });

  // ---- values that come deflated -----------------------------------------------------------
  async function inflated(base64) {
    const letters = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    const stream = new Blob([letters]).stream().pipeThrough(new DecompressionStream("deflate"));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  }

  // Calls `draw` with a component's value, now and whenever it changes; one that comes packed is
  // drawn a moment later.
  api.drawn = (props, watch, draw) => {
    let newest = 0;
    async function next() {
      const mine = (newest += 1);
      const value = props.value || {};
      const view = !value.packed ? value
        : JSON.parse(new TextDecoder().decode(await inflated(value.packed)));
      if (mine === newest) draw(view); // else another one came meanwhile
    }
    watch("value", next);
    next();
  };

  // ---- attention ---------------------------------------------------------------------------
  Object.assign(api, {
    async attention(packed) {
      weights = null;
      newest = packed;
      notify();
      if (!packed) return;
      const bytes = await inflated(packed.data);
      if (packed !== newest) return; // another run came meanwhile
      weights = { bytes, peaks: packed.peaks, columns: packed.columns };
      notify();
    },
    // Mean attention of some summary words for every word of the source, and for the marks.
    lookedAt(places) {
      const rows = weights ? places.filter((row) => row < weights.peaks.length) : [];
      if (!rows.length) return null;
      const total = new Float64Array(weights.columns);
      rows.forEach((row) => {
        const scale = weights.peaks[row] / 255 / rows.length;
        const start = row * weights.columns;
        for (let c = 0; c < weights.columns; c += 1) total[c] += weights.bytes[start + c] * scale;
      });
      return total;
    },
    // The share of every summary word's attention that went to some words of the source.
    usedBy(places) {
      const columns = weights ? places.filter((column) => column < weights.columns) : [];
      if (!columns.length) return null;
      return Float64Array.from(weights.peaks, (peak, row) =>
        columns.reduce((sum, c) => sum + weights.bytes[row * weights.columns + c], 0) * peak / 255);
    },
  });

  // ---- what the components draw with -------------------------------------------------------
  Object.assign(api, {
    node(tag, className, text) {
      const made = document.createElement(tag);
      if (className) made.className = className;
      if (text !== undefined) made.textContent = text; // never markup: it may be users' text
      return made;
    },
    // Words, each a button, with what stands between them; a mark stays on the line of its word.
    spaced(words, button) {
      const placed = [];
      words.forEach((word, place) => {
        const made = button(word, place);
        if (word.gap.includes("\n")) placed.push(api.node("br"), made);
        else if (placed.length && !word.gap && MARK.test(word.text)) {
          let kept = placed.pop();
          if (kept.className !== "gs-kept") {
            const alone = kept;
            kept = api.node("span", "gs-kept");
            kept.append(alone);
          }
          kept.append(made);
          placed.push(kept);
        } else placed.push(document.createTextNode(word.gap), made);
      });
      return placed;
    },
    // One message or several, in the page's language.
    line(parts, separator = " · ") {
      return [].concat(parts || []).map((part) => api.say(part)).join(separator);
    },
    percent(share) {
      return share > 0 && share < 0.005 ? "<1 %" : `${(100 * share).toFixed(0)} %`;
    },
  });

  // ---- page --------------------------------------------------------------------------------
  api.theme = (name) => {
    document.body.classList.toggle("dark", name === "dark");
    try { localStorage.setItem("gistscope-theme", name); } catch { /* storage may be off */ }
    document.querySelectorAll(".gs-theme").forEach((button) =>
      button.setAttribute("aria-pressed", String(name === "dark")));
    notify();
  };

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

  const start = () => api.theme(wanted());
  if (document.body) start();
  else document.addEventListener("DOMContentLoaded", start);
})();
