"""Training in five steps: prepare, build a tokenizer, train, evaluate, deploy.

Nothing in `model` imports this package, except the command line.
"""
