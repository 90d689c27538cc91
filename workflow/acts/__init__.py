"""What each command does inside the unit of work, one file a desk; `workflow.handlers` is their only caller.

An act names the roles that may do it. What concerns a case is still decided by its table, through `UnitOfWork.fire`.
"""
