"""The case kinds, one file each: states, then a table of frozen rows. Data only; `workflow.machine` checks and runs it."""
