"""Train a model on a corpus: data set, loop, checkpoints, and the folder of a run."""
