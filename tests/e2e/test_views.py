"""The linked views in a real browser, tried on the stored run: it is on the page from the start."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.looking import compact, figure_of, open_tab, pressed, shares_of, words_of

pytestmark = pytest.mark.e2e


def test_the_first_paint_is_a_stored_run_that_says_so_with_a_word_selected(opened: Page) -> None:
    expect(opened.locator(".gs-stored")).to_be_visible()
    expect(pressed(opened)).to_have_count(1)
    word = pressed(opened).inner_text()
    expect(opened.locator("#alternatives .gs-title")).to_contain_text(f"“{word}”")
    expect(opened.locator("#alternatives tbody .gs-chosen")).to_have_count(1)
    assert opened.locator("#alternatives tbody tr").count() > 1
    expect(opened.locator("#source .gs-read[title*='of the attention']").first).to_be_visible()
    expect(opened.locator("#chart .bars .point")).to_have_count(len(words_of(opened)))
    expect(opened.locator("#attention .ytick")).to_have_count(len(words_of(opened)))
    expect(opened.locator("#attention .shapelayer path")).to_have_count(1)
    expect(opened.locator("#source")).to_contain_text("after more than four thousand residents")
    assert opened.script_errors == []  # type: ignore[attr-defined]


def test_selected_words_sum_and_a_source_word_shows_who_used_it(opened: Page) -> None:
    words = opened.locator("#summary .gs-word")
    alone = []
    for place in (4, 5):  # not the one selected already: a second click lets go of it
        words.nth(place).click()
        expect(pressed(opened)).to_have_text(words_of(opened)[place])
        alone.append(shares_of(opened))
    words.nth(4).click(modifiers=["Shift"])
    opened.mouse.move(0, 0)
    expect(pressed(opened)).to_have_count(2)
    expect(opened.locator("#attention .shapelayer path")).to_have_count(2)
    both = shares_of(opened)
    strongest = max(range(len(both)), key=both.__getitem__)
    assert both[strongest] == pytest.approx((alone[0][strongest] + alone[1][strongest]) / 2, abs=3)
    assert max(both) <= max(max(alone[0]), max(alone[1]))

    source = opened.locator("#source .gs-read").nth(strongest)
    source.click()
    expect(source).to_have_attribute("aria-selected", "true")
    expect(opened.locator("#source .gs-hint")).to_contain_text("used most by")
    uses = words.evaluate_all("all => all.map(one => Number(one.style.getPropertyValue('--use')))")
    assert max(uses) == 1.0
    assert min(uses) < 0.9
    expect(opened.locator("#summary .gs-word.gs-used").first).to_be_visible()
    expect(pressed(opened)).to_have_count(0)  # never both sides at once


def test_attention_by_unit_and_sentence_with_the_copied_share_beside(opened: Page) -> None:
    open_tab(opened, "Attention")
    copied, words = figure_of(opened, "attention")["data"][1], len(words_of(opened))
    assert copied["xaxis"] == "x2"
    expect(opened.locator("#attention .x2tick")).to_contain_text("copied")
    by_word = opened.locator("#attention .xtick").count()

    opened.locator("#sentence input").click()
    opened.locator("#sentence [role=option]").nth(2).click()
    expect(opened.locator("#attention .xtick")).not_to_have_count(by_word)
    shown = figure_of(opened, "attention")
    axis = shown["layout"]["xaxis"]["ticktext"]
    assert "The" in axis[:3]
    assert "mayor" in axis[:3]
    assert "city" not in axis
    expect(opened.locator("#attention .ytick")).to_have_count(words)

    opened.locator("#sentence input").click()
    opened.locator("#sentence [role=option]").first.click()
    expect(opened.locator("#attention .xtick")).to_have_count(by_word)
    opened.locator("#unit").get_by_text("Tokens").click()
    expect(opened.locator("#attention .xtick")).not_to_have_count(by_word)
    assert opened.locator("#attention .xtick").count() > by_word
    opened.locator("#unit").get_by_text("Sentences").click()
    expect(opened.locator("#attention .annotation")).to_have_count(4 + 1)  # and the marks
    expect(opened.locator(".toast-body")).to_have_count(0)


def test_probabilities_are_drawn_when_opened_and_the_rules_for_a_word(opened: Page) -> None:
    expect(opened.locator("#strip .main-svg")).to_have_count(0)  # not made for a closed tab
    open_tab(opened, "Probabilities")
    tokens = len(figure_of(opened, "strip")["layout"]["meta"]["words"])
    assert tokens >= len(words_of(opened))
    expect(opened.locator("#strip .xtick")).to_have_count(tokens)
    expect(opened.locator("#entropy .xtick").first).to_be_visible()
    opened.locator("#summary .gs-word").nth(3).click()
    expect(opened.locator("#distribution .bars .point").first).to_be_attached()
    before = figure_of(opened, "distribution")
    opened.locator("#summary .gs-word").nth(4).click()
    expect(opened.locator("#distribution .gtitle, #distribution .ytick").first).to_be_attached()
    opened.wait_for_function(
        "old => JSON.stringify(document.querySelector('#distribution .js-plotly-plot')"
        ".layout.yaxis.ticktext) !== old",
        arg=compact(before["layout"]["yaxis"]["ticktext"]),
    )


def test_hypotheses_and_tree_nodes_load_into_all_views(opened: Page) -> None:
    open_tab(opened, "Beam tree")
    buttons = opened.locator(".gs-hypothesis")
    expect(buttons).to_have_count(4)
    first = words_of(opened)
    buttons.nth(2).click()
    expect(buttons.nth(2)).to_have_attribute("aria-pressed", "true")
    expect(opened.locator("#summary .gs-word")).not_to_have_text(first)
    shown = words_of(opened)
    expect(opened.locator("#chart .bars .point")).to_have_count(len(shown))

    # A node that the search dropped: no hypothesis button leads there.
    figure = figure_of(opened, "tree")
    nodes = next(one for one in figure["data"] if one.get("mode") == "markers+text")
    dropped = nodes["marker"]["symbol"].index("x-thin-open")
    point = opened.locator("#tree .points .point").nth(dropped)
    point.scroll_into_view_if_needed()
    box = point.bounding_box()
    assert box is not None
    opened.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(buttons).to_have_count(5)
    expect(buttons.nth(4)).to_have_attribute("aria-pressed", "true")
    expect(buttons.nth(4)).to_contain_text("not finished")
    expect(opened.locator("#summary .gs-word")).not_to_have_text(shown)
    expect(opened.locator("#chart .bars .point")).to_have_count(len(words_of(opened)))
    assert opened.script_errors == []  # type: ignore[attr-defined]


def test_a_mark_stays_on_the_line_of_its_word(opened: Page) -> None:
    """At every width of a narrow column; words are buttons, between which lines may break."""
    torn = opened.evaluate(
        """texts => {
          const { node, spaced } = window.gistscope;
          const box = document.body.appendChild(node("div", "gs-words"));
          const words = texts.map(text => ({ text, gap: /\\w/.test(text) ? " " : "" }));
          box.append(...spaced(words, word => node("button", "gs-word", word.text)));
          const top = button => button.getBoundingClientRect().top;
          const buttons = [...box.querySelectorAll("button")];
          const torn = [];
          let lines = 0;
          for (let width = 110; width < 300; width += 1) {
            box.style.width = `${width}px`;
            buttons.forEach((button, place) => {
              if (!place || Math.abs(top(button) - top(buttons[place - 1])) < 10) return;
              lines += 1;
              if (!words[place].gap) torn.push([width, texts[place]]);
            });
          }
          box.remove();
          return lines ? torn : "the words never took a second line";
        }""",
        ["Sails", ",", "old", "ropes", "and", "a", "lamp", "were", "saved", "!", "”"],
    )
    assert torn == []
