// The summary as buttons, one a word, tinted by how unsure the model was. Figures below.
const link = window.gistscope;
const part = (name) => element.querySelector(name);

function node(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text; // never markup: the words are users' text
  return made;
}

function paint() {
  const view = props.value || {};
  const words = view.words || [];
  part(".gs-text").textContent = words.length ? "" : view.text || "";
  part(".gs-legend").hidden = !words.length;
  part(".gs-words").replaceChildren(...words.flatMap(wordButton));
  part(".gs-facts").replaceChildren(...(view.facts || []).map(fact));
  follow(link.shown());
}

function follow(words) {
  const view = props.value || {};
  const stopped = view.state === "streaming" && link.stopped();
  const state = stopped ? "stopped" : view.state || "empty";
  const notice = stopped ? "Stopped. A summary that was not finished has no record." : view.notice;
  part(".gs-summary").dataset.state = state;
  part(".gs-empty").hidden = state !== "empty";
  part(".gs-notice").textContent = notice || "";
  part(".gs-notice").hidden = !notice;
  mark(words);
}

function wordButton(word, place) {
  const button = node("button", word.special ? "gs-word gs-special" : "gs-word", word.text);
  button.type = "button";
  button.dataset.word = place;
  button.tabIndex = place ? -1 : 0;
  button.title = `probability ${word.probability.toFixed(2)}`;
  button.style.setProperty("--doubt", (1 - word.probability).toFixed(3));
  return word.gap.includes("\n") ? [node("br"), button] : [document.createTextNode(word.gap), button];
}

function fact(item) {
  const box = node("div");
  box.title = item.help || "";
  box.append(node("dt", "", item.label), node("dd", "", item.value));
  return box;
}

function mark(words) {
  element.querySelectorAll(".gs-word").forEach((button) => {
    const place = Number(button.dataset.word);
    button.setAttribute("aria-pressed", String(link.selected().includes(place)));
    button.classList.toggle("gs-shown", words.includes(place));
  });
}

function move(from, to) {
  const buttons = [...element.querySelectorAll(".gs-word")];
  if (!buttons[to]) return;
  buttons.forEach((button, place) => { button.tabIndex = place === to ? 0 : -1; });
  buttons[to].focus();
}

element.addEventListener("click", (event) => {
  const button = event.target.closest(".gs-word");
  if (!button) return;
  const place = Number(button.dataset.word);
  element.querySelectorAll(".gs-word").forEach((other) => { other.tabIndex = other === button ? 0 : -1; });
  link.select(place, event.shiftKey || event.ctrlKey || event.metaKey);
});
element.addEventListener("keydown", (event) => {
  const button = event.target.closest(".gs-word");
  if (!button) return;
  const place = Number(button.dataset.word);
  const last = element.querySelectorAll(".gs-word").length - 1;
  const goal = { ArrowRight: place + 1, ArrowLeft: place - 1, Home: 0, End: last }[event.key];
  if (goal === undefined) return;
  event.preventDefault();
  move(place, goal);
});
element.addEventListener("pointerover", (event) => {
  if (event.pointerType !== "mouse") return;
  const button = event.target.closest(".gs-word");
  link.preview(button ? Number(button.dataset.word) : null);
});
element.addEventListener("pointerleave", () => link.preview(null));
element.addEventListener("focusin", (event) => {
  const button = event.target.closest(".gs-word");
  if (button && button.matches(":focus-visible")) link.preview(Number(button.dataset.word));
});
element.addEventListener("focusout", () => link.preview(null));

watch("value", paint);
paint();
link.listen(element, follow);
