// Words that can be chosen, by pointer, touch and keyboard: those of the summary and of the source.
// Runs once, from the page's head, behind link.js. Knows nothing of what the words show.
(() => {
  "use strict";
  const link = window.gistscope;
  const WORD = "[data-place]";
  const placeOf = (word) => Number(word.dataset.place);

  // The nearest word above or below, as a reader's eye would go.
  function neighbour(words, from, down) {
    const here = from.getBoundingClientRect();
    let best = null;
    let least = Infinity;
    for (const word of words) {
      const box = word.getBoundingClientRect();
      if (down ? box.top < here.bottom - 4 : box.bottom > here.top + 4) continue;
      const aside = Math.abs(box.left + box.width / 2 - here.left - here.width / 2);
      const far = 20 * Math.abs(box.top - here.top) + aside;
      if (far < least) [best, least] = [word, far];
    }
    return best;
  }

  function goal(owner, word, key) {
    const words = [...owner.querySelectorAll(WORD)];
    const at = words.indexOf(word);
    switch (key) {
      case "ArrowRight": return words[at + 1];
      case "ArrowLeft": return words[at - 1];
      case "Home": return words[0];
      case "End": return words[words.length - 1];
      case "ArrowDown": return neighbour(words, word, true);
      case "ArrowUp": return neighbour(words, word, false);
      default: return undefined;
    }
  }

  // One word of `owner` is in the page's tab order; arrows move on from there.
  function aim(owner, word) {
    owner.querySelectorAll(`${WORD}[tabindex="0"]`).forEach((other) => { other.tabIndex = -1; });
    word.tabIndex = 0;
  }

  function choose(owner, word, event, side) {
    aim(owner, word);
    link.select(placeOf(word), event.shiftKey || event.ctrlKey || event.metaKey, side);
  }

  // `owner` holds the words of one side, each with its place in data-place.
  link.choosable = (owner, side) => {
    const find = (event) => event.target.closest && event.target.closest(WORD);
    owner.addEventListener("click", (event) => {
      const word = find(event);
      if (word) choose(owner, word, event, side);
    });
    owner.addEventListener("keydown", (event) => {
      const word = find(event);
      if (!word) return;
      if ((event.key === "Enter" || event.key === " ") && !word.matches("button")) {
        event.preventDefault();
        choose(owner, word, event, side);
        return;
      }
      const next = goal(owner, word, event.key);
      if (next === undefined) return;
      event.preventDefault();
      if (!next) return;
      aim(owner, next);
      next.focus();
    });
    owner.addEventListener("pointerover", (event) => {
      if (event.pointerType !== "mouse") return;
      const word = find(event);
      link.preview(word ? placeOf(word) : null, side);
    });
    owner.addEventListener("pointerleave", () => link.preview(null, side));
    owner.addEventListener("focusin", (event) => {
      const word = find(event);
      if (word && word.matches(":focus-visible")) link.preview(placeOf(word), side);
    });
    owner.addEventListener("focusout", () => link.preview(null, side));
  };
})();
