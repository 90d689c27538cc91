"""What is said to a card, as generators without input or output: commands come out, responses go in.

`workflow.performers` runs them through a `hardware.station.Session`; a web process drives the same scripts over the
holder's browser by replaying a `Transcript`. A script never opens a reader, keeps a clock, draws a random number or
stores anything: challenges and new secrets come in as arguments, stored by the caller BEFORE the script starts, so
that a script torn at any command can simply be run again. Each says in its docstring what running it again does.
"""
