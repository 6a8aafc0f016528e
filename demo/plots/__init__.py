"""Figures: pure functions from a Trace to a Plotly figure. No gradio, no torch, no files.

Every figure is transparent, names the words it counts in `layout.meta`, and uses whole numbers
on its axes: repeated words as categories would collapse into one.
"""

from demo.plots.attention import attention_map
from demo.plots.candidates import candidate_strip, raw_and_final
from demo.plots.frame import empty_figure
from demo.plots.probability import entropy_and_rank, word_probabilities
from demo.plots.tree import beam_tree

__all__ = [
    "attention_map",
    "beam_tree",
    "candidate_strip",
    "empty_figure",
    "entropy_and_rank",
    "raw_and_final",
    "word_probabilities",
]
