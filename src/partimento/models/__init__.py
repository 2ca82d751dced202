"""Arrays become a trained model: one file a model, and what they share."""
