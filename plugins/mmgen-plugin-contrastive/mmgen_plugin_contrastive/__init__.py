"""Contrastive training across modalities for mmgen."""
