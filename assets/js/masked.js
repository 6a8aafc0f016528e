// What would be masked in what a visitor takes along. Plots are pictures of what is shown: while
// there is something to mask in that, they aren't saved.
const link = window.gistscope;
const { node, say } = link;
const part = (name) => element.querySelector(name);

function row(one) {
  const texts = one.more ? [...one.texts, "…"] : one.texts;
  return [node("dt", "", `${say(one.kind)} · ${one.count}`), node("dd", "", texts.join("  ·  "))];
}

function paint() {
  const view = props.value || {};
  const kinds = view.kinds || [];
  part(".gs-masked").hidden = !view.says;
  part(".gs-hint").textContent = say(view.says);
  part("dl").replaceChildren(...kinds.flatMap(row));
  part("button").hidden = !(view.can_show && kinds.length);
  link.personal = kinds.length > 0;
}

part("button").addEventListener("click", () => trigger("mask_shown", {}));
watch("value", paint);
paint();
link.onLanguage(paint);
