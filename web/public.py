"""Pages for everybody: home, the directory of first-review windows, site map and statements."""

from __future__ import annotations

from flask import Blueprint, render_template, request

from forms import postal
from web.access import public
from web.ports import office
from workflow.views import organisations
from workflow.vocabulary import SubscriberKind

blueprint = Blueprint("public", __name__)

_WINDOW_KINDS = tuple(kind for kind in SubscriberKind if kind is not SubscriberKind.NATURAL_PERSON)


@blueprint.get("/")
@public
def home() -> str:
    """Show what can be done here, and that holders bring their own reader (APP-32)."""
    return render_template("public/home.html")


@blueprint.get("/windows/")
@public
def windows() -> str:
    """Find the competent authority's window by county and kind (RV1-01)."""
    county = request.args.get("county", "")
    kind = request.args.get("kind", "")
    if county not in postal.counties():
        county = ""
    chosen = SubscriberKind(kind) if kind in list(SubscriberKind) else None
    asked = bool(county or chosen)
    with office().reading() as connection:
        found = organisations.windows(connection, county, chosen) if asked else ()
    return render_template(
        "public/windows.html",
        counties=postal.counties(),
        kinds=_WINDOW_KINDS,
        county=county,
        kind=chosen,
        found=found,
        asked=asked,
    )


@blueprint.get("/site-map/")
@public
def site_map() -> str:
    """List every page that the visitor may use, and the access keys."""
    return render_template("public/site_map.html")


@blueprint.get("/accessibility/")
@public
def accessibility() -> str:
    """Say how far the site can be used by all, and whom to tell when it can't."""
    return render_template("public/accessibility.html")


@blueprint.get("/privacy/")
@public
def privacy() -> str:
    """Say what is kept about people, why, and for how long (PUB-02)."""
    return render_template("public/privacy.html")
