"""Read models: plain frozen values for screens, the OCSP responder and reports, one file a subject.

Screens and reports call these with a connection that only reads. A view that shows cases or letters takes the actor and
shows what `workflow.views.scope` lets that actor see, deny by default. Nothing here changes anything, and no secret
column (hashes, keys, sealed values) is ever selected.
"""
