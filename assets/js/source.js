// The source as the model read it, shaded by the attention of the words shown.
const link = window.gistscope;
let weights = null; // { bytes, peaks, columns }: row r, column c is bytes[r * columns + c] / 255 * peaks[r]

function node(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text; // never markup: the source is users' text
  return made;
}

function decode(attention) {
  if (!attention) return null;
  const packed = atob(attention.data);
  const bytes = Uint8Array.from(packed, (letter) => letter.charCodeAt(0));
  return { bytes, peaks: attention.peaks, columns: attention.columns };
}

function paint() {
  const view = props.value || {};
  const text = element.querySelector(".gs-source");
  weights = decode(view.attention);
  text.replaceChildren();
  (view.words || []).forEach((word, place) => {
    text.append(document.createTextNode(word.gap));
    const span = node("span", word.special ? "gs-read gs-special" : "gs-read", word.text);
    span.dataset.place = place;
    text.append(span);
  });
  if (view.unread) {
    text.append(node("span", "gs-cut", "not read from here"), node("span", "gs-unread", view.unread));
  }
  element.querySelector(".gs-extent").textContent = view.extent || "";
  shade(link.shown());
}

function sums(words) {
  const total = new Float64Array(weights.columns);
  words.filter((row) => row < weights.peaks.length).forEach((row) => {
    const scale = weights.peaks[row] / 255 / words.length;
    for (let c = 0; c < weights.columns; c += 1) total[c] += weights.bytes[row * weights.columns + c] * scale;
  });
  return total;
}

function shade(words) {
  const spans = [...element.querySelectorAll(".gs-read")];
  const hint = element.querySelector(".gs-hint");
  if (!weights || !words.length) {
    spans.forEach((span) => { span.style.removeProperty("--look"); span.removeAttribute("title"); });
    hint.textContent = spans.length ? "Point at a word of the summary to see where the model looked." : "";
    return;
  }
  const total = sums(words);
  // Marks for start and end often draw much attention; the scale is that of the ordinary words.
  const peak = Math.max(1e-9, ...spans.map((s, c) => (s.classList.contains("gs-special") ? 0 : total[c])));
  let strongest = 0;
  spans.forEach((span, c) => {
    span.style.setProperty("--look", Math.min(1, total[c] / peak).toFixed(3));
    span.title = `${(100 * total[c]).toFixed(1)} % of the attention`;
    if (total[c] > total[strongest]) strongest = c;
  });
  hint.textContent = spans.length
    ? `Most attention: “${spans[strongest].textContent}”, ${(100 * total[strongest]).toFixed(0)} %`
    : "";
}

watch("value", paint);
paint();
link.listen(element, shade);
