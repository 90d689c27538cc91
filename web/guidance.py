"""Help for everybody: installing certificates, questions of status, the holder's duties, a lost card (CSR-08, STA-04).

The addresses in the commands are those of this registry, as its certificates carry them.
"""

from __future__ import annotations

from flask import Blueprint, render_template, request

from web.access import public
from web.ports import office
from workflow.views.chains import ChainLine, chains

blueprint = Blueprint("guidance", __name__, url_prefix="/help")


@blueprint.get("/")
@public
def index() -> str:
    """List the pages of help."""
    return render_template("guidance/index.html")


@blueprint.get("/server-certificates/")
@public
def server_certificates() -> str:
    """Tell how a signing request is made and a certificate installed with its chain (CSR-01, CSR-07, CSR-08, CSR-10)."""
    found = [one for one in chains(office()) if one.kinds]
    return render_template("guidance/server_certificates.html", chains=found, chain=_chosen(found))


@blueprint.get("/certificate-status/")
@public
def certificate_status() -> str:
    """Tell what each status means, and that a valid certificate is not where the fault lies (STA-04, STA-05)."""
    found = list(chains(office()))
    return render_template("guidance/certificate_status.html", chains=found, chain=_chosen(found))


@blueprint.get("/duties/")
@public
def duties() -> str:
    """Tell when holders have to ask for revocation, and who bears what until then (REV-07, REV-15, REV-16)."""
    return render_template("guidance/duties.html")


@blueprint.get("/lost-card/")
@public
def lost_card() -> str:
    """Tell what to do, and in which order, when a card is lost (SUS-01, REV-01)."""
    return render_template("guidance/lost_card.html")


def _chosen(found: list[ChainLine]) -> ChainLine | None:
    """Return the authority that the visitor named, else the first; None before the ceremony."""
    wanted = request.args.get("authority", "")
    return next((one for one in found if one.name == wanted), found[0] if found else None)
