"""Readers and writers: what comes from files and goes into them."""
