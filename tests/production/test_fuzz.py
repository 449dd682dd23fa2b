"""Random requests of every role to an installation over https: no fault of ours, nothing that a role may not."""

import ssl

from tests.fuzz.running import Wire, fuzz
from tests.fuzz.test_fuzz import fuzzed_world
from tests.production import certificates
from tests.production.clients import inside, settings_of
from tests.production.operator import HOST, Installation
from tests.server import ROUNDS

MANY = 1_000 if ROUNDS == 1 else 20_000
"""For each database."""
SEED = 1200


def test_no_request_over_https_ends_in_a_fault_of_ours_or_where_it_may_not(
    installation: Installation,
) -> None:
    settings, site = installation.settings, installation.site
    settings.write_text(settings.read_text() + "SIGN_IN_LIMIT=10000\n")
    site.write_text(site.read_text().replace("limit_req zone", "# limit_req zone"))
    with inside(installation) as app:
        world, credential = fuzzed_world(app)
    installation.take_effect()
    authority = certificates.authority(installation.root.parent).certificate
    wire = Wire(HOST, installation.port, ssl.create_default_context(cafile=str(authority)))
    report = fuzz(app, wire, world, credential, MANY, SEED, installation.address)
    wire.close()
    print(dict(sorted(report.statuses.items())), f"{report.compared} compared")
    assert settings_of(installation)["ENVIRONMENT"] == "production"
    print(*report.faults, sep="\n")
    assert report.faults == []
    assert report.compared > MANY // 40
    assert report.statuses[200] + report.statuses[201] > MANY // 8
