"""Shapes in colours, with labels and captions."""
