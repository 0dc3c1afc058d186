"""The seed's files as they lie in the folder, each with its own shape: nothing in them is ignored, nothing is unknown."""
