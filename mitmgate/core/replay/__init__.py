"""A stored answer in the form that is asked for: streams serve plain requests, and the other way round. Pure."""

from mitmgate.core.replay.events import NotReplayable
from mitmgate.core.replay.forms import Wanted, forget_replays, replay, stored_stream

__all__ = ["NotReplayable", "Wanted", "forget_replays", "replay", "stored_stream"]
