"""How a model's weights lie in memory: their shapes, their bits, their order, their size."""
