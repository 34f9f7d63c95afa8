"""A measure of how rough pictures are."""
