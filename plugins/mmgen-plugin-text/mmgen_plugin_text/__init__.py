"""Text as a condition: encoders of words, by their vectors, and of byte pairs, by attention."""
