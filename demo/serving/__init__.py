"""The page in public: limits, calls under watch, and what stands between the network and Gradio.

Knows no component of the page and no strategy of the search.
"""
