// What the search ended with, best first; a click shows one in all views. It also hears when a
// node of the beam tree was clicked, since only a component can tell Python.
const link = window.gistscope;
const { node, say } = link;
const list = element.querySelector("ol");
const signed = (score) => score.toFixed(2).replace("-", "−");
const tell = (name, detail) => { if (typeof trigger === "function") trigger(name, detail); };

function entry(one, place, shown) {
  const item = node("li");
  const button = node("button", "gs-hypothesis");
  button.type = "button";
  button.setAttribute("aria-pressed", String(place === shown));
  const about = [
    { key: "score {score}", values: { score: signed(one.score) } },
    { key: "sum of log-probabilities {sum}", values: { sum: signed(one.log_prob) } },
    { key: "{tokens} tokens", values: { tokens: one.tokens } },
    one.finished ? "finished" : "not finished",
  ];
  button.append(node("span", "gs-hypothesis-text", one.text || say("(empty)")),
    node("span", "gs-hypothesis-about", link.line(about)));
  button.addEventListener("click", () => {
    if (place !== shown) tell("hypothesis_chosen", { place });
  });
  item.append(button);
  return item;
}

function paint() {
  const view = props.value || {};
  const all = view.hypotheses || [];
  element.querySelector(".gs-hypotheses").hidden = !all.length;
  list.replaceChildren(...all.map((one, place) => entry(one, place, view.shown)));
}

function clicked(event) {
  if (!element.isConnected) document.removeEventListener("gistscope-node", clicked);
  else tell("node_chosen", { step: event.detail.step, row: event.detail.row });
}

document.addEventListener("gistscope-node", clicked);
watch("value", paint);
paint();
link.onLanguage(paint);
