"""What an operator starts: settings, wiring, worker, command line, metrics, demonstration, audit tools.

Nothing imports this room. It plugs the real things into the ports of `workflow` and `web`, and is the only one that
reads the environment and the machine's clock. It holds no rule of the registry: what it wants changed it asks for
through `workflow.handlers`, but for the first load of accounts and registers.
"""
