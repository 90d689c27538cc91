"""The factory of the web application."""

from __future__ import annotations

from pathlib import Path

from flask import Flask
from flask_bootstrap import Bootstrap5
from jinja2 import StrictUndefined

from web import access, blueprints, certificate_words, errors, language, navigation, security
from web.ports import EXTENSION, WebPorts, ports

TEMPLATES = Path(__file__).resolve().parent.parent / "templates"


def create_app(given: WebPorts) -> Flask:
    """Make the application; raises OpenDoorError when a route says nothing of who may use it."""
    app = Flask("web", template_folder=str(TEMPLATES), static_folder=str(Path(__file__).parent / "static"))
    app.extensions[EXTENSION] = given
    app.config["BOOTSTRAP_SERVE_LOCAL"] = True
    # A misspelt name in a template is a mistake, not an empty place on the page.
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    security.install(app, given)
    Bootstrap5(app)
    language.install(app)
    certificate_words.install(app)
    access.install(app)
    navigation.install(app)
    errors.install(app)
    app.jinja_env.globals.update(
        ports=ports, staff=access.staff, has_demo_desk=lambda: "demo.index" in app.view_functions
    )
    for blueprint in (*blueprints.ALL, *(blueprints.DEMO if given.demo else ())):
        app.register_blueprint(blueprint)
    access.check_all(app)
    security.limit_all(app)
    return app
