"""Small pictures from a colour palette."""
