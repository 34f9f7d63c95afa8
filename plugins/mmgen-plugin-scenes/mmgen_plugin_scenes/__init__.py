"""Captioned scenes of digits: the data set, a reader of scenes, and what text it is that shows."""
