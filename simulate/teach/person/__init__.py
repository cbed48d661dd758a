"""The person on the stage: poses of its bodies, and our own simple shapes for them."""
