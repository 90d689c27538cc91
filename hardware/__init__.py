"""Things with wires: card commands, readers, the card in memory and the conversations held with them.

`workflow.performers`, `web` and `ops` may call it; it knows no case, no database and no screen, and never imports
another room. What is said to a card is written once, as scripts without input or output (`hardware.scripts`);
what carries the bytes is a `Transport` (`hardware.transport`): PC/SC for real readers, memory for the virtual card.
A private key never passes through here: keys are made on the card and stay there (CRD-01, CRD-11).
"""
