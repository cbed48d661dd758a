"""What the movement asks of L5/S1: net moment and force of everything above, and what one muscle would make of them.

`spinal_load` is the door; `load_changes` says what a restriction changes, `lumbar_levels` which level turns how far,
`hold_and_lean` what leaning and holding something ask of somebody who stands.
"""

from simulate.load.answer import spinal_load
from simulate.load.change import load_changes
from simulate.load.hold import carrying, hold_and_lean
from simulate.load.levels import lumbar_levels

__all__ = ["carrying", "hold_and_lean", "load_changes", "lumbar_levels", "spinal_load"]
