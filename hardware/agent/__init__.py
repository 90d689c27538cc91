"""The holder's card agent: a small process that lets a page of the registry speak to the card in the holder's reader.

It listens on this machine's loopback alone, acts for the pages on its list alone (`gate`), after the holder has typed
a pairing code (`pairing`), and passes on only the commands that the registry's scripts need (`allowed`). `desk` keeps
each card to one page at a time; `service` answers requests without any input or output, `server` is its HTTP. It
knows no registry: the page carries commands from there to here and answers back. No body of a command or a response
is ever written anywhere.
"""
