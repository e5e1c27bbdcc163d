"""Which classifier of what must not be shared this version has: entries name the one that saw their question."""

from __future__ import annotations

from typing import Final

SHA256: Final = "86c109f5e55b325cd7b159fc8d4f6c65a5115989cd708e82d707a10befe23342"
