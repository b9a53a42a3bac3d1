"""What can go wrong in an archive; each error names the file, the place and the cause."""

from __future__ import annotations


class ArchiveError(Exception):
    """Any fault of the archive."""


class ArchiveLocked(ArchiveError):
    """Another process writes into this folder."""


class ArchiveFull(ArchiveError):
    """No room on the disk: nothing of the append is kept; the same store goes on once there is room."""


class ArchiveDead(ArchiveError):
    """A flush failed, nobody knows what is on the disk: the store takes nothing more. Opened anew, it checks."""


class CorruptRecord(ArchiveError):
    """What lies at a pointer is not what was written there."""


class MissingRecord(ArchiveError):
    """Nothing lies at a pointer: the file is gone or too short, or a revisit refers to a record that is not there."""
