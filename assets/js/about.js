// A line on the chosen model, and, folded, what its folder asks for and Gistscope doesn't do.
const link = window.gistscope;
const part = (name) => element.querySelector(name);

function paint() {
  const view = props.value || {};
  const notes = view.notes || [];
  part("p").textContent = link.line(view.says, " ");
  part("details").hidden = !notes.length;
  part("summary").textContent = link.say({
    key: "Asked for by its folder, not done here: {count}", values: { count: notes.length } });
  part("ul").replaceChildren(...notes.map((note) => link.node("li", "", note)));
}

watch("value", paint);
paint();
link.onLanguage(paint);
