// What the model weighed at the word shown: candidates before and after the rules.
const link = window.gistscope;
let current = null; // the word drawn now
let piece = 0; // which of its tokens

function node(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text; // never markup: tokens come from users' text
  return made;
}

function share(value) {
  if (value === null) return "–";
  return value > 0 && value < 0.005 ? "<0.01" : value.toFixed(2);
}

function row(candidate) {
  const line = node("tr", candidate.chosen ? "gs-chosen" : "");
  const name = node("th", candidate.special ? "gs-special" : "", candidate.text);
  name.scope = "row";
  const bar = node("td", "gs-bar");
  const fill = node("i");
  fill.style.width = `${100 * candidate.raw}%`;
  const after = node("b");
  after.style.width = `${100 * (candidate.final || 0)}%`;
  bar.append(fill, after);
  const rule = node("td", candidate.final === null ? "gs-rule gs-blocked" : "gs-rule", candidate.rule);
  line.append(name, bar, node("td", "gs-number", share(candidate.raw)),
    node("td", "gs-number", candidate.final === null ? "0" : share(candidate.final)), rule);
  return line;
}

function draw(words) {
  const all = (props.value || {}).words || [];
  const word = all[words[words.length - 1]];
  const body = element.querySelector("tbody");
  const tabs = element.querySelector(".gs-pieces");
  element.querySelector("table").hidden = !word;
  element.querySelector(".gs-hint").hidden = Boolean(word);
  if (word !== current) { current = word; piece = 0; }
  if (!word) {
    element.querySelector(".gs-title").textContent = "Alternatives";
    element.querySelector(".gs-step").textContent = "";
    body.replaceChildren();
    tabs.replaceChildren();
    return;
  }
  const shown = word.pieces[piece];
  element.querySelector(".gs-title").textContent = `At “${word.text}” the model weighed`;
  element.querySelector(".gs-step").textContent = shown.about;
  tabs.replaceChildren(...(word.pieces.length > 1 ? word.pieces.map(pieceButton) : []));
  body.replaceChildren(...shown.candidates.map(row));
}

function pieceButton(part, place) {
  const button = node("button", "gs-piece", part.text);
  button.type = "button";
  button.setAttribute("aria-pressed", String(place === piece));
  button.addEventListener("click", () => { piece = place; draw(link.shown()); });
  return button;
}

watch("value", () => { current = null; draw(link.shown()); });
link.listen(element, draw);
