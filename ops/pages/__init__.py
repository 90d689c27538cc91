"""How the pages are served: granian reads a request whole, and only then does one of few threads work on it.

The pages are a WSGI application, whose threads would wait for the body of a request themselves: as many connections as
there are threads, each silent in the middle of a form, would end the service. Here nobody but the loop waits for what
comes from outside. It knows nothing of what the pages say.
"""
