"""Measure models: likelihood, baselines, benchmarks, distances and originality."""
