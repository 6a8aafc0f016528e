// The runs made so far as chips; a click goes back to one. Nothing to choose from shows nothing.
const link = window.gistscope;
const { node } = link;
const list = element.querySelector(".gs-runs");

function chip(run, place) {
  const label = typeof run.label === "string" ? run.label.split(" · ") : run.label;
  const button = node("button", "gs-run", `${place + 1} ${link.line(label)}`);
  button.type = "button";
  button.title = run.text;
  button.disabled = link.running();
  button.setAttribute("aria-pressed", String(Boolean(run.current)));
  button.addEventListener("click", () => {
    if (!run.current && typeof trigger === "function") trigger("run_chosen", { place });
  });
  return button;
}

function paint() {
  const runs = (props.value || {}).runs || [];
  element.querySelector(".gs-history").hidden = runs.length < 2;
  list.replaceChildren(...(runs.length < 2 ? [] : runs.map(chip)));
}

function rest() {
  [...list.children].forEach((button) => { button.disabled = link.running(); });
}

watch("value", paint);
paint();
link.listen(element, rest);
link.onLanguage(paint);
