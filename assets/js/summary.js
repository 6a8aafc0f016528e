// The summary as buttons, one a word, tinted by how unsure the model was and marked by what it
// stands on. With words of the source selected, shaded by how much they were used. Figures below.
const link = window.gistscope;
const { node, say } = link;
const part = (name) => element.querySelector(name);
const SUPPORT = { // what a mark means, on the word itself
  copied: "stands in the source",
  reworded: "not in these words in the source",
  unsupported: "a name or number that the source does not contain",
};
const USED = 0.1; // of a word's attention: from here on it is outlined as one that used the selection
let painted = null; // the words on the page, to know when a selection has lost its meaning

function paint() {
  const view = props.value || {};
  const words = view.words || [];
  const texts = words.map((word) => word.text);
  const same = painted !== null && painted.length === texts.length
    && painted.every((text, place) => text === texts[place]);
  if (!same) {
    if (painted !== null) link.clear();
    painted = texts;
  }
  link.texts.summary = words.map((word) => (word.special ? say(word.text) : word.text));
  part(".gs-text").textContent = words.length ? "" : view.text || "";
  part(".gs-legend").hidden = !words.length;
  part(".gs-words").replaceChildren(...link.spaced(words, wordButton));
  part(".gs-support").replaceChildren(...(words.length ? supportLine(view.support) : []));
  part(".gs-facts").replaceChildren(...(view.facts || []).map(fact));
  part(".gs-stored").hidden = !view.stored;
  message(".gs-alarm", view.alarm);
  if (view.state === "done" || view.state === "failed") link.finish();
  // A run that nobody made yet shows at once what a click would: the word the model doubted most.
  if (view.stored && !same) {
    const doubts = words.map((word) => (word.special ? 0 : 1 - word.probability));
    link.select(doubts.indexOf(Math.max(...doubts)));
  }
  follow(link.shown());
}

function message(place, parts) {
  const text = link.line(parts, " ");
  part(place).textContent = text;
  part(place).hidden = !text;
}

function follow(words) {
  const view = props.value || {};
  const stopped = view.state === "streaming" && link.stopped();
  const state = stopped ? "stopped" : view.state || "empty";
  part(".gs-summary").dataset.state = state;
  part(".gs-empty").hidden = state !== "empty";
  message(".gs-missing",
    stopped ? "Stopped. A summary that was not finished has no record." : view.notice);
  mark(words);
}

function wordButton(word, place) {
  const kind = word.special ? " gs-special" : ` gs-${word.support || "mark"}`;
  const button = node("button", `gs-word${kind}`, word.special ? say(word.text) : word.text);
  button.type = "button";
  button.dataset.place = place;
  button.tabIndex = place ? -1 : 0;
  button.style.setProperty("--doubt", (1 - word.probability).toFixed(3));
  return button;
}

function title(word, used) {
  if (used !== undefined) {
    return say({ key: "{share} of its attention went there", values: { share: link.percent(used) } });
  }
  const about = [{ key: "probability {value}", values: { value: word.probability.toFixed(2) } }];
  return link.line(SUPPORT[word.support] ? [...about, SUPPORT[word.support]] : about);
}

function supportLine(counts) {
  return Object.keys(SUPPORT).filter((kind) => counts).map((kind) => {
    const item = node("li");
    item.title = say(SUPPORT[kind]);
    item.append(node("span", `gs-${kind}`, say({ key: `{count} ${kind}`, values: { count: counts[kind] } })));
    return item;
  });
}

function fact(item) {
  const box = node("div");
  box.title = say(item.help || "");
  box.append(node("dt", "", say(item.label)), node("dd", "", item.value));
  return box;
}

// What the shades of the words mean now.
function legend(ends) {
  element.querySelectorAll(".gs-ends").forEach((end, place) => {
    if (end.dataset.say !== ends[place]) end.dataset.say = ends[place];
  });
}

function mark(words) {
  const sources = link.shown("source");
  const used = sources.length ? link.usedBy(sources) : null;
  const peak = used ? Math.max(0.01, ...used) : 1;
  const selected = link.selected();
  const view = (props.value || {}).words || [];
  part(".gs-summary").classList.toggle("gs-by-use", Boolean(used));
  legend(used ? ["unused", "used"] : ["certain", "unsure"]);
  element.querySelectorAll(".gs-word").forEach((button) => {
    const place = Number(button.dataset.place);
    if (!view[place]) return; // of a longer summary, and about to be replaced
    const pressed = String(selected.includes(place));
    const use = used ? (used[place] / peak).toFixed(2) : "0";
    const about = title(view[place], used ? used[place] : undefined);
    if (button.getAttribute("aria-pressed") !== pressed) button.setAttribute("aria-pressed", pressed);
    button.classList.toggle("gs-shown", words.includes(place));
    button.classList.toggle("gs-used", Boolean(used) && used[place] >= USED);
    if (button.style.getPropertyValue("--use") !== use) button.style.setProperty("--use", use);
    if (button.title !== about) button.title = about;
  });
}

link.choosable(part(".gs-words"), "summary");
watch("value", paint);
paint();
link.listen(element, follow);
link.onLanguage(paint);
