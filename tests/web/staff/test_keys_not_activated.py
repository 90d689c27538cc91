"""Pages of the staff say that the keys wait for people; those of the public do not."""

from __future__ import annotations

from dataclasses import replace

from tests.activations import Switch
from tests.web.staff.conftest import Counter
from web.app import create_app

SAID = "金鑰尚未啟用"


def test_the_staff_see_that_the_keys_are_not_activated(web_ports, house, make_visitor):
    switch = Switch(on=False)
    app = create_app(replace(web_ports, office=replace(web_ports.office, activation=switch)))
    officer = Counter(app, house, make_visitor).officer
    assert SAID in officer.get("/staff/worklist/").text
    assert SAID not in make_visitor(app).get("/").text
    switch.on = True
    assert SAID not in officer.get("/staff/worklist/").text
