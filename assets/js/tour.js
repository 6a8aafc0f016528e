// A tour in three steps, shown once and again from the "?" button. It stands beside what it speaks
// of, takes no clicks but on its own buttons, and follows along when the visitor just does it.
(() => {
  "use strict";
  const gistscope = (window.gistscope = window.gistscope || {});
  if (gistscope.tour) return;
  const SEEN = "gistscope-tour";
  const GAP = 12; // pixels between the tour, its target and the window's edge
  const STEPS = [
    {
      targets: ["#summarize"],
      title: "Read a summary",
      text: "A finished example is on the page already. Or paste a text of your own and press Summarize.",
    },
    {
      targets: ["#summary .gs-words:not(:empty)", "#summary"],
      title: "Click a word",
      text: "The stronger its colour, the less sure the model was. Arrow keys work, too.",
    },
    {
      targets: ["#alternatives"],
      title: "See why, and try another",
      text: "Here is what it weighed; the source shows where it looked. Continue from any alternative.",
    },
  ];
  let panel = null;
  let ring = null;
  let step = 0;
  let opener = null; // gets the focus back
  let chosen = 0; // words selected when the step began
  const resized = new ResizeObserver(() => place());

  function node(tag, className, says, parent) {
    const made = document.createElement(tag);
    if (className) made.className = className;
    if (says) made.dataset.say = made.textContent = says;
    if (parent) parent.append(made);
    return made;
  }

  function button(className, says, press, parent) {
    const made = node("button", className, says, parent);
    made.type = "button";
    made.addEventListener("click", press);
    return made;
  }

  function build() {
    ring = node("div", "gs-tour-ring");
    panel = node("div", "gs-tour");
    panel.setAttribute("role", "dialog");
    panel.setAttribute("aria-labelledby", "gs-tour-title");
    panel.setAttribute("aria-describedby", "gs-tour-text");
    node("p", "gs-tour-count", "", panel);
    node("h2", "gs-tour-title", "", panel).id = "gs-tour-title";
    const text = node("p", "gs-tour-text", "", panel);
    text.id = "gs-tour-text";
    text.setAttribute("aria-live", "polite");
    const row = node("div", "gs-tour-row", "", panel);
    button("gs-tour-skip", "Skip the tour", () => stop(), row);
    button("gs-tour-back", "Back", () => show(step - 1), row);
    button("gs-tour-next", "Next", () => (step + 1 < STEPS.length ? show(step + 1) : stop()), row);
    panel.addEventListener("keydown", (event) => {
      const way = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      if (!way || !STEPS[step + way]) return;
      event.preventDefault();
      show(step + way);
    });
    // First in the page: the first press of Tab comes here.
    document.body.prepend(panel, ring);
    if (gistscope.listen) gistscope.listen(panel, follow);
  }

  const target = () => STEPS[step].targets.map((one) => document.querySelector(one)).find(Boolean);

  function show(next, scroll = true) {
    if (!panel || !STEPS[next]) return;
    step = next;
    const { title, text } = STEPS[step];
    const part = (name) => panel.querySelector(`.gs-tour-${name}`);
    part("count").textContent = `${step + 1} / ${STEPS.length}`;
    part("title").dataset.say = title;
    part("text").dataset.say = text;
    part("back").hidden = step === 0;
    part("next").dataset.say = step + 1 < STEPS.length ? "Next" : "Done";
    panel.querySelectorAll("[data-say]").forEach((one) => {
      one.textContent = gistscope.say ? gistscope.say(one.dataset.say) : one.dataset.say;
    });
    chosen = gistscope.selected ? gistscope.selected().length : 0;
    const found = target();
    resized.disconnect();
    resized.observe(document.body);
    if (found) resized.observe(found);
    if (found && scroll) found.scrollIntoView({ block: "center" });
    if (part("back").hidden && document.activeElement === part("back")) part("next").focus();
    place();
  }

  // The visitor clicked a word: that was the second step.
  function follow() {
    if (panel && step === 1 && gistscope.selected().length > chosen) show(2, false);
  }

  // ---- where it stands -------------------------------------------------------------------------
  function place() {
    if (!panel) return;
    const found = target();
    const box = found && found.getBoundingClientRect();
    const seen = box && box.width > 0 && box.bottom > 0 && box.top < innerHeight;
    ring.hidden = !seen;
    if (seen) {
      Object.assign(ring.style, {
        left: `${box.left - 4}px`, top: `${box.top - 4}px`,
        width: `${box.width + 8}px`, height: `${box.height + 8}px`,
      });
    }
    const [left, top] = spot(seen ? box : null, panel.getBoundingClientRect());
    panel.style.left = `${left}px`;
    panel.style.top = `${top}px`;
  }

  // Beside the target where there is room, else at the edge farther away from it.
  function spot(box, { width, height }) {
    const within = (at, size, room) => Math.max(GAP, Math.min(at, room - size - GAP));
    const docked = [within(innerWidth, width, innerWidth), within(innerHeight, height, innerHeight)];
    if (!box) return docked;
    const across = within(box.left, width, innerWidth);
    const down = within(box.top, height, innerHeight);
    const spots = [
      [across, box.bottom + GAP], [across, box.top - GAP - height],
      [box.right + GAP, down], [box.left - GAP - width, down],
    ];
    const fits = ([left, top]) => left >= GAP && top >= GAP
      && left + width <= innerWidth - GAP && top + height <= innerHeight - GAP;
    const farther = box.top > innerHeight - box.bottom ? GAP : docked[1];
    return spots.find(fits) || [across, farther];
  }

  let waiting = false;
  function moved() {
    if (waiting || !panel) return;
    waiting = true;
    requestAnimationFrame(() => { waiting = false; place(); });
  }

  // ---- beginning and end -------------------------------------------------------------------------
  function start(from = null) {
    try { localStorage.setItem(SEEN, "seen"); } catch { /* storage may be off */ }
    opener = from;
    if (!panel) build();
    show(0, Boolean(from));
    if (from) panel.querySelector(".gs-tour-next").focus();
  }

  function stop() {
    if (!panel) return;
    const inside = panel.contains(document.activeElement);
    resized.disconnect();
    panel.remove();
    ring.remove();
    panel = ring = null;
    if (inside && opener && opener.isConnected) opener.focus();
  }

  document.addEventListener("click", (event) => {
    const within = (place) => event.target.closest && event.target.closest(place);
    const pressed = within(".gs-tour-start");
    if (pressed) start(pressed);
    // The visitor went to work: that was the first step, and after it the tour is in the way.
    else if (panel && within("#summarize")) step === 0 ? show(1, false) : stop();
    else if (panel && step === 2 && within("#alternatives button")) stop();
  });
  // Esc ends the tour; inside it, it does nothing else.
  window.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !panel) return;
    if (panel.contains(event.target)) event.stopImmediatePropagation();
    stop();
  }, true);
  addEventListener("scroll", moved, { capture: true, passive: true });
  addEventListener("resize", moved);

  function seen() {
    try { return localStorage.getItem(SEEN) !== null; } catch { return true; /* or it never ends */ }
  }

  // Shown by itself once there is something to point at.
  function greet() {
    if (seen()) return;
    const ready = () => document.querySelector("#summarize") && document.querySelector("#summary");
    const open = () => { if (!seen() && !document.body.classList.contains("gs-presenting")) start(); };
    if (ready()) { open(); return; }
    const observer = new MutationObserver(() => {
      if (!ready()) return;
      observer.disconnect();
      open();
    });
    observer.observe(document.body, { childList: true, subtree: true });
  }

  gistscope.tour = { start, stop };
  if (document.body) greet();
  else document.addEventListener("DOMContentLoaded", greet);
})();
