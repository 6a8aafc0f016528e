// The source as the model read it, shaded by the attention of the summary's words shown; its own
// words can be chosen, too. Below, a strip of what was read, never attended and cut off.
const link = window.gistscope;
const { node, say, percent } = link;
const part = (name) => element.querySelector(name);
const MOST_USERS = 3; // words of the summary that are named for a word of the source
const SEEN = 0.05; // a shade below it cannot be told from none
const SVG = "http://www.w3.org/2000/svg";
let view = {};
let spans = []; // one a word, and the marks
let looks = []; // what each span shows now, as one string: only what differs is written
let shares = null; // the attention shown, one a span

function paint() {
  const words = view.words || [];
  const text = part(".gs-read-words");
  spans = words.map(wordSpan);
  looks = [];
  text.replaceChildren(...words.flatMap((word, place) =>
    [document.createTextNode(word.gap), spans[place]]));
  text.hidden = !words.length;
  part(".gs-caution").hidden = !view.attention;
  link.texts.source = words.map((word) => (word.special ? say(word.text) : word.text));
  part(".gs-rest").replaceChildren(...(view.unread ? rest() : []));
  part(".gs-extent").textContent = link.line(view.extent);
  strip(view.strip);
  link.attention(view.attention || null); // this notifies, and so shades
}

function wordSpan(word, place) {
  const span = node("span", word.special ? "gs-read gs-special" : "gs-read",
    word.special ? say(word.text) : word.text);
  span.setAttribute("role", "option");
  span.setAttribute("aria-selected", "false");
  span.dataset.place = place;
  span.tabIndex = place ? -1 : 0;
  return span;
}

function rest() {
  const more = { key: "… ({count} more characters)", values: { count: view.unread_more } };
  const parts = [node("span", "gs-cut", say("not read from here")), node("span", "gs-unread", view.unread)];
  if (view.unread_more) parts.push(node("span", "gs-unread", ` ${say(more)}`));
  return parts;
}

function strip(value) {
  const figure = part(".gs-strip");
  const drawing = part(".gs-strip svg");
  figure.hidden = !value || !(value.segments || []).length;
  if (figure.hidden) return;
  const total = value.segments.reduce((sum, [, width]) => sum + width, 0) || 1;
  let from = 0;
  drawing.replaceChildren(...value.segments.map(([kind, width]) => {
    const rect = document.createElementNS(SVG, "rect");
    rect.setAttribute("class", `gs-part-${kind}`);
    rect.setAttribute("x", 1000 * from / total);
    rect.setAttribute("width", 1000 * width / total);
    rect.setAttribute("height", 10);
    from += width;
    return rect;
  }));
  drawing.setAttribute("aria-label", link.line(value.labels.map((item) => item.label), ", "));
  part(".gs-strip ul").replaceChildren(...value.labels.map((item) => {
    const entry = node("li");
    entry.append(node("span", `gs-swatch gs-part-${item.kind}`), say(item.label));
    return entry;
  }));
}

function entitle(span, share) {
  if (share) span.title = say({ key: "{share} % of the attention", values: { share } });
  else span.removeAttribute("title");
}

function shade(words) {
  const total = words.length ? link.lookedAt(words) : null;
  // Marks for start and end often draw much attention; the scale is that of the ordinary words.
  const ordinary = total && spans.length > 1 ? total.subarray(0, spans.length - 1) : [1];
  const peak = ordinary.reduce((most, value) => Math.max(most, value), 1e-9);
  const chosen = new Set(link.selected("source"));
  const shown = new Set(link.shown("source"));
  shares = total;
  spans.forEach((span, place) => {
    const look = total ? Math.min(1, total[place] / peak).toFixed(2) : "0.00";
    // What cannot be seen gets its title when it is pointed at.
    const share = Number(look) >= SEEN ? (100 * total[place]).toFixed(1) : "";
    const state = (chosen.has(place) ? 2 : 0) + (shown.has(place) ? 1 : 0);
    const now = `${look} ${share} ${state}`;
    if (looks[place] === now) return;
    const [lookBefore, shareBefore, stateBefore] = (looks[place] || "0.00  0").split(" ");
    looks[place] = now;
    if (look !== lookBefore) span.style.setProperty("--look", look);
    if (share !== shareBefore) entitle(span, share);
    if (String(state) === stateBefore) return;
    span.setAttribute("aria-selected", String(chosen.has(place)));
    span.classList.toggle("gs-shown", shown.has(place));
  });
  part(".gs-hint").textContent = spans.length ? hint(total) : "";
}

function hint(total) {
  const sources = link.shown("source");
  if (sources.length) return users(sources);
  if (!total) return say("Point at a word of the summary to see where the model looked, or at one here to see what used it.");
  const strongest = total.indexOf(total.reduce((most, value) => Math.max(most, value), 0));
  return say({
    key: "Most attention: “{word}”, {share}",
    values: { word: link.texts.source[strongest], share: percent(total[strongest]) },
  });
}

function users(sources) {
  const used = link.usedBy(sources);
  if (!used) return "";
  const words = sources.map((place) => `“${link.texts.source[place]}”`).join(", ");
  const strongest = [...used.keys()].sort((one, other) => used[other] - used[one])
    .filter((place) => used[place] >= 0.01).slice(0, MOST_USERS);
  if (!strongest.length) {
    return say({ key: "{words} got no attention from any word of the summary.", values: { words } });
  }
  const users = strongest.map((place) => `“${link.texts.summary[place]}” (${percent(used[place])})`);
  const key = sources.length > 1 ? "{words} were used most by {users}" : "{words} was used most by {users}";
  return say({ key, values: { words, users: users.join(", ") } });
}

link.choosable(part(".gs-read-words"), "source");
element.addEventListener("pointerover", (event) => {
  const span = event.target.closest(".gs-read");
  if (span) entitle(span, shares ? (100 * shares[span.dataset.place]).toFixed(1) : "");
});
link.drawn(props, watch, (value) => { view = value; paint(); });
link.listen(element, shade);
link.onLanguage(paint);
