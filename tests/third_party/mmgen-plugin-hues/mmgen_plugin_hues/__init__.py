"""A measure of colourfulness, and gradients between colours."""
