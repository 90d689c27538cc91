"""The screens: a form in, a command out; one blueprint per person at the counter.

Only `ops` starts this room. It reads through `workflow.views`, changes things only through `web.door`, checks what was
typed with `forms`, and speaks to cards only through `workflow.activation`.
It never touches tables, state machines, keys or wires, never decides a case, and never puts a user code, a PIN or a
password into an address, a log line, a session or a message. Every view says who may use it (`web.access`), or the
application does not start.
"""
