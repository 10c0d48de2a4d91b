"""The Python side of fieldtrial's engine `torch`: loads a model and runs it. Prompts, tokens and vectors' last touches are the caller's."""

PROTOCOL = 2
"""Raised whenever a message changes its meaning; caller and worker must have the same."""
