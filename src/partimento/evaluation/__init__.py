"""What is measured: likelihood, and the baselines that a model is held against."""
