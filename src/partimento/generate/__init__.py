"""Compose with a trained model: prompts, sampling, loops, constraints and ranking."""
