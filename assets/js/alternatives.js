// What the model weighed at the word shown: candidates before and after the rules, and a way to
// go on from any of them.
const link = window.gistscope;
const { node, say } = link;
const part = (name) => element.querySelector(name);
let view = {};
let current = null; // the word drawn now
let piece = 0; // which of its tokens

const text = (message) => (typeof message === "string" ? message : say(message));
const open = () => typeof trigger === "function" && !view.fixed;

function share(value) {
  if (value === null) return "0";
  return value > 0 && value < 0.005 ? "<0.01" : value.toFixed(2);
}

function bars(candidate) {
  const cell = node("td", "gs-bar");
  const fill = node("i");
  fill.style.width = `${100 * candidate.raw}%`;
  const after = node("b");
  after.style.width = `${100 * (candidate.final || 0)}%`;
  cell.append(fill, after);
  if (candidate.final === null || candidate.rules) {
    const rules = link.line(candidate.rules || ["by a rule"], ", ");
    cell.append(candidate.final === null
      ? node("span", "gs-rule gs-blocked", say({ key: "blocked: {rules}", values: { rules } }))
      : node("span", "gs-rule", rules));
  }
  return cell;
}

function row(candidate) {
  const line = node("tr", candidate.chosen ? "gs-chosen" : "");
  const name = node("th", candidate.special ? "gs-special" : "", text(candidate.text));
  name.scope = "row";
  line.append(name, bars(candidate), node("td", "gs-number", share(candidate.raw)),
    node("td", "gs-number", share(candidate.final)));
  if (open()) {
    const cell = node("td", "gs-continue");
    if (candidate.chosen) cell.append(node("span", "gs-taken", say("chosen")));
    else if (!candidate.closed) cell.append(continueButton(candidate));
    line.append(cell);
  }
  return line;
}

function continueButton(candidate) {
  const button = node("button", "gs-on");
  button.append(node("span", "gs-wide", `${say("continue")} `), "↵");
  button.type = "button";
  button.disabled = link.running();
  button.setAttribute("aria-label",
    say({ key: "continue with “{word}”", values: { word: text(candidate.text) } }));
  button.addEventListener("click", () => go({ token_id: candidate.token_id }));
  return button;
}

function go(choice) {
  if (current && open() && !link.running()) trigger("continue_here", { step: current.pieces[piece].step, ...choice });
}

function draw(words) {
  const word = (view.words || [])[words[words.length - 1]];
  part("table").hidden = !word;
  part(".gs-hint").hidden = Boolean(word);
  part("form").hidden = !word || !open();
  part(".gs-last").hidden = !open();
  part("form button").disabled = link.running();
  if (word !== current) { current = word; piece = 0; }
  if (!word) {
    part(".gs-title").textContent = say("Alternatives");
    part(".gs-step").textContent = "";
    part("tbody").replaceChildren();
    part(".gs-pieces").replaceChildren();
    return;
  }
  const shown = word.pieces[piece];
  const named = word.special ? say(word.text) : word.text;
  part(".gs-title").textContent = say({ key: "At “{word}” the model weighed", values: { word: named } });
  part(".gs-step").textContent = link.line(shown.about);
  part(".gs-pieces").replaceChildren(...(word.pieces.length > 1 ? word.pieces.map(pieceButton) : []));
  part("tbody").replaceChildren(...shown.candidates.map(row));
}

function pieceButton(other, place) {
  const button = node("button", "gs-piece", text(other.text));
  button.type = "button";
  button.setAttribute("aria-pressed", String(place === piece));
  button.addEventListener("click", () => {
    piece = place;
    draw(link.shown());
    part(".gs-pieces").children[place].focus();
  });
  return button;
}

part("form").addEventListener("submit", (event) => {
  event.preventDefault();
  const typed = part("input").value;
  if (!typed.trim()) { part("input").focus(); return; }
  go({ text: typed });
  part("input").value = "";
});

link.drawn(props, watch, (value) => { view = value; current = null; draw(link.shown()); });
link.listen(element, draw);
link.onLanguage(() => draw(link.shown()));
