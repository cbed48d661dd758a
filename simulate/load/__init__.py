"""What the movement asks of L5/S1: net moment and force of everything above, and what one muscle would make of them.

`load_of` is the door for an answer of `compensate`: the load, what each strategy changes and the lumbar levels in one
data set, which `load_summary` puts in plain words. Its parts: `spinal_load`; `load_changes` says what a restriction
changes, `lumbar_levels` which level turns how far, `hold_and_lean` what leaning and holding something ask of somebody
who stands.
"""

from simulate.load.answer import spinal_load
from simulate.load.change import load_changes
from simulate.load.hold import carrying, hold_and_lean
from simulate.load.levels import lumbar_levels
from simulate.load.whole import load_of, load_summary

__all__ = [
    "carrying", "hold_and_lean", "load_changes", "load_of", "load_summary", "lumbar_levels", "spinal_load",
]  # fmt: skip
