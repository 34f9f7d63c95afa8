"""Rectified flow on the pixels of small pictures."""
