// Taking a run along: a link that holds text and settings, a plot as a picture, a text as a file.
// All of it happens in the browser. Knows neither the models nor how a page is filled in.
(() => {
  "use strict";
  const gistscope = (window.gistscope = window.gistscope || {});
  if (gistscope.copyLink) return;
  const MARK = "#run=";
  const LONGEST_HASH = 200_000; // characters; a longer address fails in one place or another
  const LONGEST_RUN = 8_000_000; // characters of the unpacked link; a small one can unpack to much
  const message = (key, values = {}) => ({ key, values });
  const say = (what) => (gistscope.say ? gistscope.say(what) : what.key || String(what));

  // ---- a short line at the page's lower edge, read out by screen readers ------------------------
  let hush = 0;
  function line() {
    let found = document.querySelector(".gs-announce");
    if (!found) {
      found = document.createElement("div");
      found.className = "gs-announce";
      found.setAttribute("role", "status");
      document.body.append(found);
    }
    return found;
  }

  function announce(what) {
    const shown = line();
    shown.textContent = say(what);
    shown.classList.add("gs-shown");
    clearTimeout(hush);
    hush = setTimeout(() => shown.classList.remove("gs-shown"), 6_000);
  }

  // ---- the link: "#run=" + "d." (deflated) or "p." (plain) + base64url of UTF-8 JSON -------------
  const toBase64 = (bytes) => {
    let text = "";
    for (let at = 0; at < bytes.length; at += 32_768) {
      text += String.fromCharCode(...bytes.subarray(at, at + 32_768));
    }
    return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
  };
  const fromBase64 = (text) => {
    if (!/^[\w-]*$/.test(text)) throw new Error("not base64url");
    return Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
  };

  async function through(stream, bytes, limit = Infinity) {
    const reader = new Blob([bytes]).stream().pipeThrough(stream).getReader();
    const parts = [];
    let length = 0;
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      length += part.value.length;
      if (length > limit) { await reader.cancel(); throw new Error("too long"); }
      parts.push(part.value);
    }
    return new Uint8Array(await new Blob(parts).arrayBuffer());
  }

  async function pack(run) {
    const bytes = new TextEncoder().encode(JSON.stringify(run));
    if (!window.CompressionStream) return `p.${toBase64(bytes)}`;
    return `d.${toBase64(await through(new CompressionStream("deflate-raw"), bytes))}`;
  }

  async function unpack(packed) {
    const kind = packed.slice(0, 2);
    if (kind !== "p." && kind !== "d.") throw new Error("neither plain nor deflated");
    let bytes = fromBase64(packed.slice(2));
    if (kind === "d.") bytes = await through(new DecompressionStream("deflate-raw"), bytes, LONGEST_RUN);
    const run = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    if (run === null || typeof run !== "object" || typeof run.text !== "string") throw new Error("no text");
    return run;
  }

  // Puts the run into the address and copies it. Says what became of it; false when it is too long.
  async function copyLink(run) {
    const hash = MARK + (await pack(run));
    if (hash.length > LONGEST_HASH) {
      announce(message(
        "The link would have {length} characters; {limit} are possible. Download the JSON instead.",
        { length: hash.length, limit: LONGEST_HASH }));
      return false;
    }
    history.replaceState(null, "", hash);
    const copied = await copy(location.href);
    announce(message(copied ? "Link copied" : "The link stands in the address bar; copy it there."));
    return true;
  }

  async function copyText(text) {
    const copied = await copy(text);
    announce(message(copied ? "Summary copied" : "The browser doesn't allow copying; select the text."));
  }

  async function copy(text) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch { /* not allowed, or no secure context: the old way */ }
    const field = document.createElement("textarea");
    const focused = document.activeElement;
    field.value = text;
    field.className = "gs-offstage";
    document.body.append(field);
    field.select();
    const copied = document.execCommand("copy");
    field.remove();
    if (focused && focused.focus) focused.focus();
    return copied;
  }

  // The run in the address: null without one, {error: message} when it is damaged.
  async function readLink() {
    if (!location.hash.startsWith(MARK)) return null;
    const { length } = location.hash;
    if (length > LONGEST_HASH) {
      return { error: message("The link has {length} characters; {limit} are possible.",
        { length, limit: LONGEST_HASH }) };
    }
    try {
      return await unpack(location.hash.slice(MARK.length));
    } catch {
      return { error: message("The link is damaged or not complete. Ask for it again.") };
    }
  }

  // ---- files -----------------------------------------------------------------------------------
  function download(name, text, type = "application/json") {
    const address = URL.createObjectURL(new Blob([text], { type }));
    save(name, address);
    setTimeout(() => URL.revokeObjectURL(address), 10_000);
  }

  function save(name, address) {
    const link = document.createElement("a");
    link.href = address;
    link.download = name;
    document.body.append(link);
    link.click();
    link.remove();
  }

  // ---- plots -----------------------------------------------------------------------------------
  const FAINT_INK = "#6b6b80"; // what figures write with; the page's style sheet overrides it

  // The figure with a solid background and the theme's ink: a picture has no page behind it.
  function solid(plot) {
    const look = getComputedStyle(document.body);
    const colour = (name, otherwise) => look.getPropertyValue(name).trim() || otherwise;
    const layout = JSON.parse(JSON.stringify(plot.layout)
      .replaceAll(`"${FAINT_INK}"`, JSON.stringify(colour("--gs-ink", "#1b1b2a"))));
    const paper = colour("--gs-card", "#ffffff");
    return { data: plot.data, layout: { ...layout, paper_bgcolor: paper, plot_bgcolor: paper } };
  }

  async function picture(box, format) {
    const plot = box.querySelector(".js-plotly-plot");
    if (!plot || !window.Plotly) return;
    if (gistscope.personal) {
      announce(message("This plot shows what you want masked. Press “Show it masked” first."));
      return;
    }
    const { width, height } = plot.getBoundingClientRect();
    const size = { width: Math.round(width), height: Math.round(height) };
    const scale = format === "png" ? 2 : 1; // sharp on a slide
    const address = await window.Plotly.toImage(solid(plot), { format, ...size, scale });
    save(`${box.dataset.name || `gistscope-${box.id || "plot"}`}.${format}`, address);
  }

  function exportButton(box, format) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = format.toUpperCase();
    const name = { png: "Download this plot as PNG", svg: "Download this plot as SVG" }[format];
    button.dataset.sayTitle = button.title = name;
    button.dataset.sayLabel = name;
    button.setAttribute("aria-label", name);
    button.addEventListener("click", () => picture(box, format).catch(() =>
      announce(message("The picture could not be made."))));
    return button;
  }

  function equip(box) {
    if (!box.querySelector(":scope > .gs-export")) {
      const row = document.createElement("div");
      row.className = "gs-export";
      row.append(exportButton(box, "png"), exportButton(box, "svg"));
      box.prepend(row);
    }
    const plot = box.querySelector(".js-plotly-plot");
    box.querySelector(":scope > .gs-export").hidden = !(plot && (plot.data || []).length);
  }

  let waiting = false;
  function soon() {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      document.querySelectorAll(".gs-plot").forEach(equip);
    });
  }

  function start() {
    line(); // a live region speaks only when it stood there before its text
    soon();
    new MutationObserver(soon).observe(document.body, { childList: true, subtree: true });
    // Another link pasted into an open page: start again with it.
    addEventListener("hashchange", () => { if (location.hash.startsWith(MARK)) location.reload(); });
  }

  Object.assign(gistscope, { announce, copyLink, copyText, readLink, download });
  if (document.body) start();
  else document.addEventListener("DOMContentLoaded", start);
})();
