"""One question per script; each reads like a method section and prints its finding beside the published figure."""
