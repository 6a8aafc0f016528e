"""What the page's head needs, in order, and the header's small buttons. Knows no gradio.

The interface is translated in the browser (assets/js/language.js); here the dictionary is only
carried into the page, so that neither the page nor an offline report asks anybody for it.
"""

from __future__ import annotations

import json

from demo.assets import asset

# `language` first: it makes `window.gistscope`, which the others add to.
PAGE_SCRIPTS = ("link.js", "choosing.js", "figures.js", "presenter.js", "tour.js", "share.js")

LANGUAGE_BUTTON = '<button type="button" class="gs-tool gs-language" lang="zh-Hans">中文</button>'
PRESENTER_BUTTON = (
    '<button type="button" class="gs-tool gs-present" aria-pressed="false" '
    'data-say-label="Presenter view" aria-label="Presenter view" '
    'data-say-title="Presenter view (p)" title="Presenter view (p)">'
    '<svg viewBox="0 0 20 20" width="18" height="18" aria-hidden="true" fill="none" '
    'stroke="currentColor" stroke-width="1.6" stroke-linecap="round" stroke-linejoin="round">'
    '<path d="M2.5 3.5h15M4 3.5v9h12v-9M10 12.5v2.5M6.5 17.5 10 15l3.5 2.5"/></svg></button>'
)
TOUR_BUTTON = (
    '<button type="button" class="gs-tool gs-tour-start" '
    'data-say-label="Show the tour" aria-label="Show the tour" '
    'data-say-title="Show the tour" title="Show the tour">?</button>'
)
THEME_BUTTON = (
    '<button type="button" class="gs-theme" aria-pressed="false" '
    'aria-label="Dark theme" data-say-label="Dark theme" '
    'title="Light or dark" data-say-title="Light or dark">◐</button>'
)


def dictionary() -> dict[str, dict[str, str]]:
    """English → Chinese: `words` of the interface, and `errors` with their values as {names}."""
    sections: dict[str, dict[str, str]] = json.loads(asset("i18n", "zh.json"))
    return sections


def language_head() -> str:
    """The dictionary and `language.js` as script elements; the offline report has them, too."""
    words = json.dumps(dictionary(), ensure_ascii=False, separators=(",", ":"))
    # Nothing in a script may look like the end of one.
    for sign in "<>&\u2028\u2029":
        words = words.replace(sign, f"\\u{ord(sign):04x}")
    return script(f"window.gistscopeChinese={words};") + script(asset("js", "language.js"))


def page_head() -> str:
    """All scripts of the page's head."""
    return language_head() + "".join(script(asset("js", name)) for name in PAGE_SCRIPTS)


def header_buttons() -> str:
    """Language, presenter view, tour and theme as fixed markup."""
    return LANGUAGE_BUTTON + PRESENTER_BUTTON + TOUR_BUTTON + THEME_BUTTON


def script(source: str) -> str:
    """Our own JavaScript as an element of the page's head."""
    if "</script" in source.lower():
        raise ValueError("a script must not contain the end of a script element")
    return f"<script>{source}</script>"
