"""What the system sees of this process: anonymous memory, its peak, and the address space.

Never `ru_maxrss`, which a child inherits from its parent, and never USS, which other processes move.
"""

from __future__ import annotations

import os
import re
from typing import Final

import psutil

_STATUS: Final = "/proc/self/status"
_CLEAR_REFS: Final = "/proc/self/clear_refs"
_RESET_PEAK: Final = b"5"  # proc(5): resets VmHWM


class ProcessMemory:
    """Reads `/proc/self/status` where there is one (11 us), psutil elsewhere; `source` says which.

    With psutil anonymous memory is the resident set, and the peak is the largest reading so far.
    """

    def __init__(self, status: str = _STATUS) -> None:
        self._status = os.open(status, os.O_RDONLY) if os.path.exists(status) else -1
        self._process = psutil.Process()
        self._peak = 0
        self.source = "proc" if self._has(b"RssAnon") else "psutil"

    def rss_anon(self) -> int:
        """Anonymous resident bytes."""
        return self._field(b"RssAnon") if self.source == "proc" else self._resident()

    def resident(self) -> int:
        """All resident bytes: what the peak is compared with."""
        return self._field(b"VmRSS") if self.source == "proc" else self._resident()

    def peak(self) -> int:
        """The highest resident bytes since `reset_peak`, or since the process began."""
        if self.source == "proc":
            return self._field(b"VmHWM")
        return max(self._peak, self._resident())

    def reset_peak(self) -> bool:
        """Let the peak start anew; False where the system does not allow it."""
        if self.source != "proc":
            self._peak = self._resident()
            return True
        try:
            with open(_CLEAR_REFS, "wb", buffering=0) as file:
                file.write(_RESET_PEAK)
        except OSError:
            return False
        return True

    def address_space(self) -> int | None:
        """The address space now (VmSize): what RLIMIT_AS limits; None if unknown."""
        return self._field(b"VmSize") if self.source == "proc" else None

    def peak_address_space(self) -> int | None:
        """The largest address space that the process ever had (VmPeak); None if unknown."""
        return self._field(b"VmPeak") if self.source == "proc" else None

    def close(self) -> None:
        """Give the descriptor back."""
        if self._status >= 0:
            os.close(self._status)
            self._status = -1

    def _resident(self) -> int:
        resident = int(self._process.memory_info().rss)
        self._peak = max(self._peak, resident)
        return resident

    def _has(self, name: bytes) -> bool:
        return self._status >= 0 and name + b":" in os.pread(self._status, 8192, 0)

    def _field(self, name: bytes) -> int:
        line = re.search(rb"^" + name + rb":\s*(\d+) kB", os.pread(self._status, 8192, 0), re.MULTILINE)
        return int(line[1]) * 1024 if line else 0
