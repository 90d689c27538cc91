"""The programming interface under /api/v1: declared operations, from which the routes and the OpenAPI document are made.

`operations` says what there is; `routes` makes the blueprint and lets nothing in that is not declared; `shapes` are the
answers, as JSON and as JSON Schema. It uses no cookie and knows no member of the staff: callers are the public, or hold
a token (`web.access.token`). Errors are problem details (RFC 9457), made in `web.errors`.
"""
