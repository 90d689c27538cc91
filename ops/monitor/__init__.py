"""The relying parties' round: fetch whatever our certificates name, as a stranger would, and judge what comes.

`targets` says what to fetch, `fetching` fetches, `judging` judges bytes without a network, `rounds` puts them together.
A PEM file where DER belongs went unseen for six years at a real authority; this is what would have seen it.
"""

from ops.monitor.rounds import Seen, look_around, watch_publication

__all__ = ["Seen", "look_around", "watch_publication"]
