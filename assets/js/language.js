// The interface in English or Chinese. English stands in the page; Chinese is put over it from the
// dictionary in `window.gistscopeChinese`: {words: {English: Chinese}, errors: {the same, with
// {placeholders}}}. Knows nothing of runs, and never touches users' text.
(() => {
  "use strict";
  if (window.gistscope && window.gistscope.say) return;
  const { words = {}, errors = {} } = window.gistscopeChinese || {};
  const listeners = new Set();
  let current = opening();

  function opening() {
    let stored = null;
    try { stored = localStorage.getItem("gistscope-language"); } catch { /* storage may be off */ }
    const asked = new URLSearchParams(location.search).get("lang");
    const first = [asked, stored, navigator.language].find((name) => /^(en|zh)/i.test(name || ""));
    return first && first.toLowerCase().startsWith("zh") ? "zh" : "en";
  }

  // ---- sentences -----------------------------------------------------------------------------
  const known = (english) => (Object.hasOwn(words, english) ? words[english] : undefined);

  // A text, {key, values} or a list of them, in the language shown. Values may be messages, too.
  function say(message) {
    if (message === null || message === undefined) return "";
    if (Array.isArray(message)) {
      return message.map(say).filter(Boolean).join(current === "zh" ? "" : " ");
    }
    if (typeof message !== "object") return translated(String(message));
    return filled((current === "zh" && known(message.key)) || message.key, message.values || {});
  }

  // One pass: a value that looks like a placeholder stays as it is.
  function filled(sentence, values) {
    return sentence.replace(/\{(\w+)\}/g, (whole, name) => {
      if (!Object.hasOwn(values, name)) return whole;
      const value = values[name];
      return value !== null && typeof value === "object" ? say(value) : String(value);
    });
  }

  function translated(english) {
    return current === "zh" ? known(english) || error(english) || english : english;
  }

  // An error comes with its values already in it.
  let patterns = null;
  function error(english) {
    patterns = patterns || Object.keys(errors).map(pattern);
    for (const { expression, names, key } of patterns) {
      const found = expression.exec(english);
      if (!found) continue;
      return filled(errors[key], Object.fromEntries(names.map((name, i) => [name, found[i + 1]])));
    }
    return undefined;
  }

  function pattern(key) {
    const parts = key.split(/\{(\w+)\}/); // text, name, text, name, …, text
    const expression = parts.map((part, place) =>
      place % 2 ? "([^]+?)" : part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("");
    return { key, names: parts.filter((_, i) => i % 2), expression: new RegExp(`^${expression}$`) };
  }

  // ---- the page ------------------------------------------------------------------------------
  // gr.HTML has only what asks for it by data-say; in Gradio's own parts these elements have words.
  const CLOSED = ".html-container, [data-user], [data-say], #model, #compare-model, "
    + "textarea, script, style, svg, table";
  const WORDED = [
    "[data-testid='block-info']", "[data-testid='block-label']", ".info-text", "label > span",
    "button", "button > span", "[role='tab']", "[role='option']", ".toast-body *",
    "[data-testid='markdown'] p", "[data-testid='markdown'] span", ".upload-container .wrap",
    ".upload-container .or",
  ].join(", ");
  const OURS = /\u2063([^\u2063]*)\u2063/g; // the page's own words in a figure; see frame.py
  const NAMED = ["aria-label", "placeholder", "title"]; // attributes with words
  const SAID = { "data-say": null, "data-say-label": "aria-label", "data-say-title": "title" };
  const LABELLED = /^(number input for|range slider for) (.+)$/; // how Gradio names a slider's parts
  const written = new WeakMap(); // what we wrote where: node → { place: { english, shown } }

  // Put `read`'s text into the language shown, and return whether that changed it. What we wrote
  // before still has its English; what somebody else wrote since is English anew.
  function put(node, place, read, write, turned = worded) {
    const stands = read();
    if (!stands || !stands.trim()) return false;
    const notes = written.get(node) || {};
    const before = notes[place];
    const english = before && before.shown === stands ? before.english : stands;
    const shown = turned(english);
    if (shown !== stands) write(shown);
    if (shown === english && !before) return false;
    notes[place] = { english, shown };
    written.set(node, notes);
    return shown !== stands;
  }

  function worded(english) {
    const [, before, text, after] = /^(\s*)(.*?)(\s*)$/s.exec(english);
    const part = LABELLED.exec(text);
    if (part && current === "zh") {
      const kind = part[1] === "number input for" ? "{label}, number" : "{label}, slider";
      return say({ key: kind, values: { label: translated(part[2]) } });
    }
    return before + translated(text) + after;
  }

  const putText = (text) =>
    put(text, "text", () => text.nodeValue, (shown) => { text.nodeValue = shown; });
  const putName = (element, name) => put(element, name,
    () => element.getAttribute(name), (shown) => element.setAttribute(name, shown));

  function saySelf(element) {
    for (const [from, name] of Object.entries(SAID)) {
      if (!element.hasAttribute(from)) continue;
      const words = say(element.getAttribute(from));
      if (name === null) { if (element.textContent !== words) element.textContent = words; }
      else if (element.getAttribute(name) !== words) element.setAttribute(name, words);
    }
  }

  const all = (root, selector) =>
    [...(root.matches(selector) ? [root] : []), ...root.querySelectorAll(selector)];

  function sayBelow(root) {
    all(root, Object.keys(SAID).map((name) => `[${name}]`).join(", ")).forEach(saySelf);
    if (root.closest(CLOSED)) return;
    all(root, WORDED).forEach((element) => {
      if (element.closest(CLOSED) || !element.closest("gradio-app")) return;
      [...element.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE).forEach(putText);
    });
    all(root, NAMED.map((name) => `[${name}]`).join(", ")).forEach((element) => {
      if (element.closest(".html-container, [data-user], svg, table, .gs-plot")) return;
      NAMED.filter((name) => element.hasAttribute(name)).forEach((name) => putName(element, name));
    });
  }

  // A closed choice shows its value in an input that nobody can type in. Its value is no attribute.
  function sayChoices() {
    document.querySelectorAll("input[role='combobox'][readonly]").forEach((input) => {
      if (input.closest("#model, #compare-model, [data-user]")) return;
      put(input, "value", () => input.value, (shown) => { input.value = shown; });
    });
  }

  // A figure's words are in its data, so that hover texts have them, too; then it is drawn again.
  function sayPlot(box) {
    box.querySelectorAll(".js-plotly-plot").forEach((plot) => {
      if (!window.Plotly || !plot.data || (current === "en" && !translatedOnce.has(plot))) return;
      translatedOnce.add(plot);
      if ([plot.data, plot.layout].filter(sayFigure).length) window.Plotly.redraw(plot);
    });
  }

  const translatedOnce = new WeakSet();
  const figureText = (english) =>
    english.replace(OURS, (whole, own) => (current === "zh" ? translated(own) : whole));

  // Whether anything below `value`, plain objects and lists, was changed.
  function sayFigure(value) {
    let changed = false;
    for (const [key, part] of Object.entries(value)) {
      if (typeof part === "string") {
        changed = put(value, key, () => part, (shown) => { value[key] = shown; }, figureText) || changed;
      } else if (part && (Array.isArray(part) ? typeof part[0] !== "number"
        : Object.getPrototypeOf(part) === Object.prototype)) {
        changed = sayFigure(part) || changed;
      }
    }
    return changed;
  }

  function sayAll() {
    document.documentElement.lang = current === "zh" ? "zh-Hans" : "en";
    if (!document.body) return;
    sayBelow(document.body);
    sayChoices();
    document.querySelectorAll(".gs-plot").forEach(sayPlot);
    document.querySelectorAll(".gs-language").forEach((button) => {
      const other = current === "zh" ? ["EN", "en"] : ["中文", "zh-Hans"];
      [button.textContent, button.lang] = other;
    });
  }

  // ---- changes: gathered, and looked at once a frame -------------------------------------------
  const changed = new Set();
  const observer = new MutationObserver((records) => { gather(records); soon(); });
  let waiting = false;

  function gather(records) {
    for (const { target } of records) {
      const element = target.nodeType === Node.ELEMENT_NODE ? target : target.parentElement;
      if (element) changed.add(element.closest(".gs-plot") || element);
    }
  }

  function soon() {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      for (const element of changed) {
        if (!element.isConnected) continue;
        if (element.matches(".gs-plot")) sayPlot(element);
        sayBelow(element);
      }
      changed.clear();
      sayChoices();
      observer.takeRecords(); // our own writing
    });
  }

  function start() {
    sayAll();
    observer.observe(document.body, {
      childList: true, subtree: true, characterData: true,
      attributes: true, attributeFilter: [...NAMED, ...Object.keys(SAID)],
    });
  }

  function setLanguage(name) {
    if (name !== "en" && name !== "zh") throw new RangeError(`language must be en or zh, got ${name}`);
    if (name === current) return;
    current = name;
    try { localStorage.setItem("gistscope-language", name); } catch { /* storage may be off */ }
    sayAll();
    for (const listener of [...listeners]) listener();
  }

  document.addEventListener("click", (event) => {
    if (event.target.closest && event.target.closest(".gs-language")) {
      setLanguage(current === "zh" ? "en" : "zh");
    }
  });

  window.gistscope = Object.assign(window.gistscope || {}, {
    say,
    language: () => current,
    setLanguage,
    // Returns the function that ends it.
    onLanguage(callback) {
      listeners.add(callback);
      return () => listeners.delete(callback);
    },
  });
  if (document.body) start();
  else document.addEventListener("DOMContentLoaded", start);
})();
