"""The live page: a local server, its controls, and how a tab gets its answers."""
