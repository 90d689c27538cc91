"""Certificate profiles: what each kind of certificate looks like, as frozen data.

A change here is a change of the practice statement. The shapes follow certificates seen in the field: order of
extensions, key usage, policy OIDs and subject types. `parts` holds the words, `profile` puts them together and says
what contradicts itself, `authorities`, `holders` and `servers` hold the data, `table` checks them all when it loads and so
refuses to start on nonsense. Values that depend on the case (name, key, serial, addresses) come with the order.
"""

from pki.profiles.authorities import LINK_CA, OCSP_RESPONDER, REGISTRATION_AUTHORITY, ROOT_CA, SUBORDINATE_CA
from pki.profiles.holders import (
    card_profiles,
    mobile_profiles,
    non_card_profiles,
    staff_profiles,
)
from pki.profiles.naming import CommonNameForm, NameFault, NameRules
from pki.profiles.oids import CLASS_3_ASSURANCE, ORGANISATION_VALIDATED, POLICIES, TEST_ASSURANCE, PolicyOid
from pki.profiles.parts import (
    TAIPEI,
    AlternativeNames,
    Carrier,
    ExtendedUse,
    Extension,
    HolderRules,
    Identifier,
    KeyUse,
    Life,
    Purpose,
)
from pki.profiles.profile import Profile
from pki.profiles.servers import SERVER_APPLICATION, TLS_MULTI_DOMAIN, TLS_SINGLE_DOMAIN
from pki.profiles.table import PROFILES, all_profiles, check_profiles, unconfirmed

__all__ = [
    "CLASS_3_ASSURANCE",
    "LINK_CA",
    "OCSP_RESPONDER",
    "ORGANISATION_VALIDATED",
    "POLICIES",
    "PROFILES",
    "REGISTRATION_AUTHORITY",
    "ROOT_CA",
    "SERVER_APPLICATION",
    "SUBORDINATE_CA",
    "TAIPEI",
    "TEST_ASSURANCE",
    "TLS_MULTI_DOMAIN",
    "TLS_SINGLE_DOMAIN",
    "AlternativeNames",
    "Carrier",
    "CommonNameForm",
    "ExtendedUse",
    "Extension",
    "HolderRules",
    "Identifier",
    "KeyUse",
    "Life",
    "NameFault",
    "NameRules",
    "PolicyOid",
    "Profile",
    "Purpose",
    "all_profiles",
    "card_profiles",
    "check_profiles",
    "mobile_profiles",
    "non_card_profiles",
    "staff_profiles",
    "unconfirmed",
]
