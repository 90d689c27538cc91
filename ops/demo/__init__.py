"""The demonstration: a whole small registry on one machine, with invented people, virtual cards and a mail server.

`guanfang demo` runs it; the wiring takes the letter-box and the mail folder from here for the demonstration's desk.
Nothing here runs in a real office, and everything here goes through the same doors as a real office's work, but for
the first load of people, windows and organisations.
"""
