"""Figures: pure functions from a Trace to a Plotly figure. No gradio, no torch, no files.

Every figure is transparent, names the words it counts in `layout.meta`, and uses whole numbers
on its axes: repeated words as categories would collapse into one.
"""

from demo.plots.attention import attention_map
from demo.plots.frame import empty_figure
from demo.plots.probability import word_probabilities

__all__ = ["attention_map", "empty_figure", "word_probabilities"]
