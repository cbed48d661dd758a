"""From recorded markers to a chain of this person's lengths and to its motion.

The chain is fitted to a standing trial (`fit_chain`), then follows the markers of any other (`track`), each a soft goal
of the same solver that answers everything else.
"""

from simulate.tracking.fit import Fitted, fit_chain
from simulate.tracking.marker_sets import MarkerSet, marker_set
from simulate.tracking.track import Recording, Tracked, recording_from_markers, track

__all__ = [
    "Fitted", "MarkerSet", "Recording", "Tracked", "fit_chain", "marker_set", "recording_from_markers", "track",
]  # fmt: skip
