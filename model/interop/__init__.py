"""Checkpoints made elsewhere: BART, mBART, PEGASUS, Marian, T5 and Flan-T5 as settings and names.

Reads what the `transformers` library writes, without it. Nothing here runs a model.
"""
