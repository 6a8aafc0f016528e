// The presenter view: large type, controls folded, summary and source side by side. Kept for the
// tab (sessionStorage). The look is in manners.css under `body.gs-presenting`.
(() => {
  "use strict";
  const gistscope = (window.gistscope = window.gistscope || {});
  if (gistscope.present) return;
  const KEPT = "gistscope-presenting";
  const LETTER = "gistscope-key-p"; // "off" where the key is switched off
  let letter = true;
  const presenting = () => document.body.classList.contains("gs-presenting");

  function present(on = !presenting()) {
    document.body.classList.toggle("gs-presenting", on);
    try { sessionStorage.setItem(KEPT, on ? "on" : "off"); } catch { /* storage may be off */ }
    press();
    // Plots are responsive and answer this; the layout has to be there first.
    requestAnimationFrame(() => window.dispatchEvent(new Event("resize")));
  }

  function press() {
    document.querySelectorAll(".gs-present").forEach((button) =>
      button.setAttribute("aria-pressed", String(presenting())));
  }

  function typing(target) {
    if (!target || !target.closest) return false;
    const input = target.closest("input, textarea, select, [contenteditable]");
    return Boolean(input && !input.matches("input[type='radio'], input[type='checkbox'], input[type='range']"));
  }

  function running() {
    const box = document.getElementById("stop");
    const stop = box && (box.matches("button") ? box : box.querySelector("button"));
    return Boolean(stop && !stop.disabled);
  }

  // Esc belongs to the tour or to an open list of choices while one has the focus.
  const elsewhere = (target) => target && target.closest
    && Boolean(target.closest(".gs-tour, [aria-expanded='true']"));

  // On the window, before link.js: leaving must not clear what is selected as well. A run that is
  // under way is stopped first.
  window.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (letter && (event.key === "p" || event.key === "P") && !typing(event.target)) {
      event.preventDefault();
      present();
    } else if (event.key === "Escape" && presenting() && !running()
      && !elsewhere(event.target)) {
      event.stopImmediatePropagation();
      present(false);
    }
  }, true);

  document.addEventListener("click", (event) => {
    if (event.target.closest && event.target.closest(".gs-present")) present();
  });

  document.addEventListener("change", (event) => {
    if (!event.target.matches(".gs-key-p")) return;
    letter = event.target.checked;
    try { localStorage.setItem(LETTER, letter ? "on" : "off"); } catch { /* storage may be off */ }
  });

  function start() {
    let kept = null;
    try { kept = sessionStorage.getItem(KEPT); } catch { /* storage may be off */ }
    if (kept === "on") present(true);
    try { letter = localStorage.getItem(LETTER) !== "off"; } catch { /* storage may be off */ }
    // Gradio draws the page after this script ran.
    const observer = new MutationObserver(() => {
      const box = document.querySelector(".gs-key-p");
      if (!box || !document.querySelector(".gs-present")) return;
      box.checked = letter;
      press();
      observer.disconnect();
    });
    observer.observe(document.body, { childList: true, subtree: true });
  }

  Object.assign(gistscope, { present, presenting });
  if (document.body) start();
  else document.addEventListener("DOMContentLoaded", start);
})();
