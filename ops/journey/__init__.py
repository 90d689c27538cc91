"""`guanfang journey`: one application from the form to the card, walked through the pages like people do.

The command line runs it to show that an installation works, and the journeys of the tests borrow its steps. Every step
reads the page it is on, fills the page's own form and sends it; nothing here calls an act of the registry behind the
pages' backs. What has no page, such as a new organisation in the register or the hands that move a card, is done as
the demonstration does it. Nothing here runs in a real office.
"""
