"""The page. Gradio is here and nowhere else; what is computed lives in `model` or in `plots`."""
