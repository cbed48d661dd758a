"""What the body is and how it moves. Knows nothing of tasks."""

from kinematics.chain import Chain, HingeFit, ModelConvention, Point
from kinematics.errors import HipspineError
from kinematics.rom import RangeOfMotion

__all__ = ["Chain", "HingeFit", "HipspineError", "ModelConvention", "Point", "RangeOfMotion"]
