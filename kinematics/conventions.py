"""The words of the body: coordinates, segments and who moves whom.

The order of ``COORDINATES`` is the order of the tree, so the same index addresses a column of a posture, a row of the
chain's geometry and a row of every kernel's scratch. Blocks of six: pelvis (the root), right leg, left leg, spine.
Names and signs are OpenSim's, except that knee flexion is positive inside and the pelvis turns heading first (Y-X-Z).
"""

from types import MappingProxyType

TRANSLATIONS = ("pelvis_tx", "pelvis_ty", "pelvis_tz")
PELVIS = (*TRANSLATIONS, "pelvis_rotation", "pelvis_list", "pelvis_tilt")
SPINE = (
    "lumbar_extension",
    "lumbar_bending",
    "lumbar_rotation",
    "thoracic_extension",
    "thoracic_bending",
    "thoracic_rotation",
)
SIDES = ("r", "l")
SIDE_WORDS = MappingProxyType({"r": "right", "l": "left"})
LEG_COORDINATES = ("hip_flexion", "hip_adduction", "hip_rotation", "knee_angle", "ankle_angle", "subtalar_angle")


def leg(side: str) -> tuple[str, ...]:
    """Coordinates of one leg, from the hip down; `side` is ``"r"`` or ``"l"``."""
    return tuple(f"{name}_{side}" for name in LEG_COORDINATES)


COORDINATES = (*PELVIS, *leg("r"), *leg("l"), *SPINE)
INDEX = MappingProxyType({name: i for i, name in enumerate(COORDINATES)})
ROTATIONS = tuple(name for name in COORDINATES if name not in TRANSLATIONS)

SEGMENTS = (
    "pelvis",
    "thigh_r",
    "shank_r",
    "talus_r",
    "foot_r",
    "thigh_l",
    "shank_l",
    "talus_l",
    "foot_l",
    "lumbar",
    "thorax",
)
_LAST_COORDINATE = (
    "pelvis_tilt",
    "hip_rotation_r",
    "knee_angle_r",
    "ankle_angle_r",
    "subtalar_angle_r",
    "hip_rotation_l",
    "knee_angle_l",
    "ankle_angle_l",
    "subtalar_angle_l",
    "lumbar_rotation",
    "thoracic_rotation",
)
#: Segment -> index of the last coordinate that moves it; that coordinate's frame is the segment's.
SEGMENT_COORDINATE = MappingProxyType(
    {segment: INDEX[name] for segment, name in zip(SEGMENTS, _LAST_COORDINATE, strict=True)}
)
#: Joint centres every chain has and every answer reports, in the order of the answer's ``landmark`` dimension.
JOINT_CENTRES = ("hip_r", "hip_l", "knee_r", "knee_l", "ankle_r", "ankle_l", "l5s1", "t12l1")
