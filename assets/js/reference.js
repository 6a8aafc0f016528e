// A given summary, word by word as the model sees it, with both scores and ROUGE.
const link = window.gistscope;
const { node, say } = link;
const part = (name) => element.querySelector(name);
const share = (value) => (value < 0.005 ? "<0.01" : value.toFixed(2)); // a softmax is never 0
const COLUMNS = ["", "score", "sum of log-probabilities", "tokens", "probability per token"];
const HINT = "Point at a word, or walk with the arrow keys, to see its probability and rank.";

function paint() {
  const view = props.value || {};
  const done = view.state === "done";
  part(".gs-reference").dataset.state = view.state || "empty";
  part(".gs-empty").hidden = done || Boolean(view.notice);
  part(".gs-notice").textContent = view.notice ? say(view.notice) : "";
  part(".gs-notice").hidden = !view.notice;
  part(".gs-scored").hidden = !done;
  if (!done) return;
  part(".gs-verdict").textContent = say(view.says);
  part(".gs-verdict").dataset.verdict = view.verdict;
  part(".gs-words").replaceChildren(...link.spaced(view.words, wordButton));
  part("thead tr").replaceChildren(...COLUMNS.map((name) => heading(name)));
  part("tbody").replaceChildren(...view.sides.map(scoreRow));
  part(".gs-rule").textContent = say(view.rule);
  part(".gs-rouge").replaceChildren(...view.rouge.map(metric));
  tell(null);
}

function wordButton(word, place) {
  const button = node("button", word.special ? "gs-word gs-special" : "gs-word",
    word.special ? say(word.text) : word.text);
  button.type = "button";
  button.dataset.place = place;
  button.tabIndex = place ? -1 : 0;
  button.style.setProperty("--doubt", (1 - word.probability).toFixed(3));
  button.title = about(word);
  return button;
}

function about(word) {
  const ranks = word.ranks.join(", ");
  return link.line([
    { key: "probability {value}", values: { value: share(word.probability) } },
    { key: word.ranks.length > 1 ? "ranks of its parts {ranks}" : "rank {ranks}", values: { ranks } },
  ]);
}

// The line below the words: one word in full, or how to get there.
function tell(place) {
  const word = place === null ? null : ((props.value || {}).words || [])[place];
  if (!word) {
    part(".gs-detail").textContent = say(HINT);
    return;
  }
  const name = word.special ? say(word.text) : `“${word.text}”`;
  const rest = word.preferred === null ? [] : [{
    key: "the model would have put “{token}” ({value})",
    values: { token: word.preferred, value: share(word.preferred_probability) },
  }];
  part(".gs-detail").textContent = `${name}: ${[about(word), ...rest.map(say)].join(" · ")}`;
}

function heading(name) {
  const cell = node("th", "", name ? say(name) : "");
  cell.scope = "col";
  return cell;
}

function scoreRow(side, place) {
  const row = node("tr", place ? "" : "gs-yours");
  const name = node("th", "", say(side.name));
  name.scope = "row";
  const values = [side.score, side.log_prob, String(side.tokens), share(side.per_token)];
  row.append(name, ...values.map((value) => node("td", "", value)));
  return row;
}

function metric(one) {
  const item = node("li");
  item.title = one.value === null ? say("ROUGE reads Latin letters and digits only") : say(one.help);
  const track = node("span", "gs-track");
  const fill = node("i");
  fill.style.width = `${100 * (one.value || 0)}%`;
  track.append(fill);
  item.append(node("span", "gs-name", one.label), track,
    node("span", "gs-number", one.value === null ? "–" : one.value.toFixed(2)));
  return item;
}

function focus(from, to) {
  const buttons = [...element.querySelectorAll(".gs-word")];
  if (!buttons[to]) return;
  buttons[from].tabIndex = -1;
  buttons[to].tabIndex = 0;
  buttons[to].focus();
}

const placeOf = (event) => {
  const button = event.target.closest(".gs-word");
  return button ? Number(button.dataset.place) : null;
};
part(".gs-words").addEventListener("pointerover", (event) => tell(placeOf(event)));
part(".gs-words").addEventListener("focusin", (event) => tell(placeOf(event)));
part(".gs-words").addEventListener("click", (event) => tell(placeOf(event)));
part(".gs-words").addEventListener("keydown", (event) => {
  const place = placeOf(event);
  if (place === null) return;
  const last = element.querySelectorAll(".gs-word").length - 1;
  const goal = { ArrowRight: place + 1, ArrowLeft: place - 1, Home: 0, End: last }[event.key];
  if (goal === undefined) return;
  event.preventDefault();
  focus(place, goal);
});

watch("value", paint);
paint();
link.onLanguage(paint);
