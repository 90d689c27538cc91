"""A person before the screen, with a card in the reader and the card agent beside it."""

from __future__ import annotations

from tests.browsing import BUILD, PATIENCE, findings, pictures, too_wide

PICTURES = BUILD / "holder"
MISSING = "#agent-missing:not([hidden])"
CONNECTED = "#pairing:not([hidden]), #reader-part:not([hidden])"


class Holder:
    """A person before the screen."""

    def __init__(self, stand, context):
        self.stand, self.context = stand, context
        self.page = context.new_page()
        self.page.set_default_timeout(PATIENCE)
        self.wrong = []
        self.windows = 0
        self.way = ""
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))

    def go(self, path):
        self.page.goto(self.stand.address + path)

    def refuse_the_direct_way(self):
        """Let no page ask the agent itself, as browsers do that guard the machine; its window is left."""
        self.context.route(
            f"{self.stand.agent.address}/version",
            lambda route: route.abort() if route.request.method == "GET" else route.continue_(),
        )

    def connect(self):
        """Find the agent, in the way that this browser leaves open."""
        self.page.wait_for_selector(f"{MISSING}, {CONNECTED}")
        if self.page.locator(MISSING).count():
            self.windows += 1
            self.page.click("#agent-window")
            # The button stays until the window has found the agent; whoever looks again must not see it.
            self.page.wait_for_selector(CONNECTED)

    def pair(self):
        self.connect()
        self.page.wait_for_selector("#pairing:not([hidden])")
        self.page.fill("#f-pairing_code", self.stand.codes[-1])
        self.page.click("#pairing button")

    def read_card(self):
        self.connect()
        self.page.wait_for_selector("#reader-part:not([hidden]) input:checked")
        self.page.click("#reader-form button[type=submit]")
        self.page.wait_for_selector("#details:not([hidden])")

    def send(self, **fields):
        if self.page.locator("#f-details_right").count():
            self.page.check("#f-details_right")
        for name, value in fields.items():
            self.page.fill(f"#f-{name}", value)
        self.page.click("#errand button")

    def result(self):
        self.page.wait_for_selector("#result:not([hidden])")
        return self.page.inner_text("#result")

    def trouble(self):
        self.page.wait_for_selector("#trouble:not([hidden])")
        return self.page.inner_text("#trouble")

    def errand(self, path, *, first=False, **fields):
        self.go(path)
        if first:
            self.pair()
        self.read_card()
        self.send(**fields)

    def look_well(self, name):
        """Keep pictures, and let axe and a narrow screen judge what is there."""
        size = self.page.viewport_size
        pictures(self.page, PICTURES, self.way + name)
        assert findings(self.page) == [], name
        assert too_wide(self.page) <= 0, name
        self.page.set_viewport_size(size)
