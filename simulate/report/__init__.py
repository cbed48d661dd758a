"""From answers to people: tables."""
