"""The keeper of the activation: one process holds the secret in memory, the others hold leases on it.

Why a process of its own. The secret has to reach the worker, the pages and the OCSP responder, each of several
processes that come and go, and must rest nowhere. A file, also one in memory, outlives its writer and is read by
whoever may; the kernel's keyrings are shut to containers as a rule; handing it to each process at its start would ask
the people to come whenever one is restarted. A process ends all at once: whoever kills the keeper has deactivated the
keys, since the kernel closes its connections and each lease ends with its connection.

It listens on a Unix socket of mode 0600 and serves its own user alone, by what the kernel says of the caller
(SO_PEERCRED). It can't be traced or dumped by that user. The secret leaves it only for a process that asks for it.
"""

from ops.activation.client import KeeperClient, KeeperError, KeeperState
from ops.activation.keeper import Keeper, run

__all__ = ["Keeper", "KeeperClient", "KeeperError", "KeeperState", "run"]
