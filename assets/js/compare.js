// Two summaries side by side: equal words plain, differing ones marked, and where they part.
const link = window.gistscope;
const { node, say } = link;
const part = (name) => element.querySelector(name);
const share = (value) => (value < 0.005 ? "<0.01" : value.toFixed(2)); // never 0: it was written

function paint() {
  const view = props.value || {};
  const state = view.state || "empty";
  const [left, right] = view.sides || [];
  part(".gs-compare").dataset.state = state;
  part(".gs-empty").hidden = state !== "empty";
  message(".gs-notice", view.notice);
  message(".gs-parting", view.parting && view.parting.says);
  part("table").hidden = !left;
  part(".gs-hint").hidden = !(view.rows || []).some((row) => !row.same);
  part("thead tr").replaceChildren(...(left ? [heading("Left", left), heading("Right", right)] : []));
  part("tbody").replaceChildren(...(view.texts ? [plainRow(view.texts)] : rows(view)));
}

function message(place, said) {
  const text = said ? say(said) : "";
  part(place).textContent = text;
  part(place).hidden = !text;
}

function heading(name, side) {
  const cell = node("th");
  cell.scope = "col";
  cell.append(node("span", "gs-side-name", say(name)));
  if (!side) {
    cell.append(node("span", "gs-side-about", say("being written …")));
    return cell;
  }
  const about = [side.model, side.style, say(side.strategy)].filter(Boolean).join(" · ");
  const facts = node("span", "gs-side-facts");
  side.facts.forEach((fact) => {
    const box = node("span", "", `${say(fact.label)} `);
    box.title = say(fact.help);
    box.append(node("b", "", fact.value));
    facts.append(box);
  });
  cell.append(node("span", "gs-side-about", about), facts);
  if ((side.settings || []).length) {
    cell.append(node("span", "gs-side-settings", link.line(side.settings)));
  }
  return cell;
}

function plainRow(texts) {
  const line = node("tr");
  texts.forEach((text, place) => line.append(node("td", place ? "gs-growing" : "", text)));
  return line;
}

function rows(view) {
  const parting = (view.rows || []).findIndex((row) => !row.same);
  return (view.rows || []).map((row, place) => {
    const branches = place === parting ? view.parting.branches : [];
    const line = node("tr", row.same ? "gs-same" : "gs-apart");
    if (place === parting) line.classList.add("gs-first-apart");
    line.append(cell(row.left, row.same, branches[0]), cell(row.right, row.same, branches[1]));
    return line;
  });
}

function cell(words, same, weighed) {
  const made = node("td");
  // First, so that both sides' bars stand at one height.
  if (weighed && weighed.length) made.append(bars(weighed));
  if (same) {
    words.forEach((word, place) => {
      const one = node("span", "", word.text);
      one.title = chance(word);
      made.append(document.createTextNode(place ? word.gap : ""), one);
    });
  } else if (words.length) {
    const box = node("span", "gs-different");
    box.append(...words.map(marked));
    made.append(box);
  } else {
    made.append(node("span", "gs-gap", say("nothing here")));
  }
  return made;
}

function chance(word) {
  return say({ key: "probability {value}", values: { value: share(word.probability) } });
}

function marked(word) {
  const one = node("span", "gs-marked", word.text);
  one.title = chance(word);
  one.append(node("small", "", share(word.probability)));
  return one;
}

// What this side thought of both tokens at the step where the two part.
function bars(weighed) {
  const list = node("ul", "gs-weighed");
  weighed.forEach((one, place) => {
    const item = node("li", place ? "" : "gs-own");
    const track = node("span", "gs-track");
    const fill = node("i");
    fill.style.width = `${100 * (one.probability || 0)}%`;
    track.append(fill);
    const name = node("span", "gs-token", typeof one.token === "string" ? one.token : say(one.token));
    const value = node("span", "gs-number", one.probability === null ? "–" : share(one.probability));
    if (one.probability === null) value.title = say("too improbable to be recorded");
    item.append(name, track, value);
    list.append(item);
  });
  return list;
}

watch("value", paint);
paint();
link.onLanguage(paint);
