"""Every English string that the interface shows, found in the page, its scripts and its code."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from demo.assets import ASSETS
from demo.settings.controls import CONTROLS
from demo.settings.strategies import STRATEGY_NAMES, availability

ROOT = ASSETS.parent
SHOWN_PROPS = ("label", "info", "placeholder", "submit_btn", "stop_btn")
SAID = re.compile(r'data-say(?:-label|-title)?="([^"{}]*(?:\{\w+\}[^"{}]*)*)"')
JS_STRING = re.compile(r'"((?:[^"\\\n]|\\.)*)"')
# In a script: what is said, or stands in a table of what is said.
JS_SAID = re.compile(
    r'(?:say\(|message\(\s*|key: |dataset\.say = |\b(?:title|text|name): )"((?:[^"\\\n]|\\.)*)"'
)
# The same, where it is chosen between two, or stands in a constant.
JS_EITHER = re.compile(r'key(?: =|:) [^"\n;]*\? "([^"\n]*)" : "([^"\n]*)"')
JS_CONSTANT = re.compile(r"const (?:HINT|COLUMNS) = ([^;]*);")
MODELS = ("model", "compare-model")  # a model's name is nobody's to translate
TOASTS = {"gr.Warning", "gr.Info", "gr.Error"}
# Calls whose first argument is said.
SAYING = {"message", "said", "ours", "empty_figure", "plots.empty_figure"}


def of_page(config: dict[str, Any]) -> set[str]:
    """Labels, infos, shown choices, buttons, placeholders and tabs of a Gradio page."""
    found: set[str] = set()
    for component in config["components"]:
        props, kind = component["props"], component["type"]
        if kind == "api":  # an endpoint's parameter, no part of the page
            continue
        found |= {props[name] for name in SHOWN_PROPS if isinstance(props.get(name), str)}
        if kind in ("button", "downloadbutton", "uploadbutton"):
            found.add(str(props.get("value") or props.get("label") or ""))
        if kind in ("radio", "dropdown", "checkboxgroup"):
            choices = [str(name) for name, _ in props.get("choices") or []]
            found |= set() if props.get("elem_id") in MODELS else set(choices)
        if kind == "html":
            found |= of_markup(str(props.get("value") or ""))
    # Sentences and runs are numbered, and no words of the page.
    return {text for text in found if _has_words(text) and not text[0].isdigit()}


def of_markup(markup: str) -> set[str]:
    """What elements say by `data-say`."""
    return {_unescaped(text) for text in SAID.findall(markup)}


def of_templates() -> set[str]:
    """`data-say` in all HTML and Python under assets and demo."""
    found: set[str] = set()
    for path in [*ASSETS.rglob("*.html"), *(ROOT / "demo").rglob("*.py")]:
        found |= of_markup(path.read_text(encoding="utf-8"))
    return {text for text in found if _has_words(text)}


def of_scripts() -> set[str]:
    """What the page's scripts say by a literal."""
    found: set[str] = set()
    for path in _scripts():
        script = _joined(path.read_text(encoding="utf-8"))
        found |= set(JS_SAID.findall(script))
        found |= {text for both in JS_EITHER.findall(script) for text in both}
        found |= {text for one in JS_CONSTANT.findall(script) for text in JS_STRING.findall(one)}
    return {text for text in found if _has_words(text)}


def of_settings() -> set[str]:
    """Helps, and the reasons why a control rests under some strategy."""
    found = {control.help for control in CONTROLS}
    for name in STRATEGY_NAMES:
        found |= set(availability(name).values())
    return found


def of_code() -> set[str]:
    """Literal keys of `message(...)`, and titles and texts of toasts."""
    found: set[str] = set()
    for call in (node for tree in _trees("demo") for node in ast.walk(tree)):
        if isinstance(call, ast.Assign) and ast.unparse(call.targets[0]) == "key":
            found |= set(_literals(call.value))  # said a few lines below, whichever it is
        if not isinstance(call, ast.Call):
            continue
        name = ast.unparse(call.func)
        if name in SAYING and call.args:
            found |= set(_literals(call.args[0]))
        elif name == "warned":  # its second argument is a toast's title
            found |= set(_literals(call.args[1]))
        elif name in TOASTS:
            titles = [word.value for word in call.keywords if word.arg == "title"]
            found |= {text for one in [*call.args[:1], *titles] for text in _literals(one)}
    return {text for text in found if _has_words(text)}


def constants() -> set[str]:
    """Every string constant of the page's code and scripts; an entry is used by one of them."""
    found = {
        node.value
        for tree in [*_trees("demo"), *_trees("model")]
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    for path in _scripts():
        found |= set(JS_STRING.findall(_joined(path.read_text(encoding="utf-8"))))
    return found


def written() -> set[str]:
    """Every text of the code with `{}` for each value in it: what an error can look like."""
    return {
        without_names(_skeleton(node))
        for tree in _trees("demo", "model")
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant | ast.JoinedStr)
    }


def without_names(template: str) -> str:
    """A template with `{}` for every placeholder."""
    return re.sub(r"\{\w+\}", "{}", template)


def _skeleton(node: ast.expr) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(_skeleton(part) for part in node.values)
    return "{}"


def _literals(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from _literals(node.body)
        yield from _literals(node.orelse)


def _scripts() -> Iterator[Path]:
    yield from (ASSETS / "js").glob("*.js")
    yield from (ASSETS / "report").glob("*.js")


def _trees(*rooms: str) -> Iterator[ast.Module]:
    for room in rooms:
        for path in sorted((ROOT / room).rglob("*.py")):
            if "training" not in path.parts:
                yield ast.parse(path.read_text(encoding="utf-8"))


def _joined(script: str) -> str:
    """A script with strings that are only broken over lines put together."""
    return re.sub(r'"\s*\n?\s*\+\s*"', "", script)


def _unescaped(text: str) -> str:
    return text.replace("&quot;", '"').replace("&#x27;", "'").replace("&amp;", "&")


def _has_words(text: str) -> bool:
    shown = re.sub(r"\{\w+\}", "", text)
    return re.search(r"[A-Za-z]{2}", shown) is not None and not text.startswith((".", "#"))
