"""The primary of a PostgreSQL is gone and its standby takes over: no answered record is lost, nothing is restarted."""

import time
from collections import Counter
from threading import Event, Thread

from sqlalchemy import create_engine, text

from app.db.session import db
from tests import postgres
from tests.conftest import create_app, migrate, settings_for
from tests.factories.records import consultation_json, make_account, make_desk
from tests.server import Client, serving


def test_a_standby_that_takes_over_is_found_without_a_restart_and_has_every_answered_record() -> (
    None
):
    with postgres.cluster(durable=True) as primary:
        url = primary.address + "postgres"
        migrate(url)
        app = create_app(settings_for(url))
        with app.app_context():
            make_account("ana", "desk_staff", (make_desk(),))
            db.session.remove()
            db.engine.dispose()
        with postgres.standby(primary) as standby:
            hosts = "&".join(f"host=127.0.0.1:{one.port}" for one in (primary, standby))
            with serving(f"postgresql+psycopg://test@/postgres?{hosts}") as server:
                sent, statuses = _recorded_meanwhile(server.port, primary, standby)
            engine = create_engine(standby.address + "postgres")
            with engine.connect() as connection:
                rows = connection.execute(text("SELECT id::text FROM consultation")).scalars().all()
            engine.dispose()
    assert set(sent) <= set(rows) and len(rows) == len(set(rows))
    assert set(statuses) <= {200, 201, 503}, statuses
    assert statuses[503] > 0


def _recorded_meanwhile(
    port: int, primary: postgres.Cluster, standby: postgres.Cluster
) -> tuple[list[str], Counter[int]]:
    """What was answered as recorded before, while and after the standby took over, and every status."""
    ana, sent, statuses, enough = Client(port).sign_in("ana"), list[str](), Counter[int](), Event()

    def record_on() -> None:
        while not enough.is_set():
            content = consultation_json()
            status = ana.post("/consultations", content)[0]
            statuses[status] += 1
            sent.extend([content["id"]] if status in (200, 201) else [])

    recording = Thread(target=record_on)
    recording.start()
    _wait_until(lambda: len(sent) > 10)
    primary.stop("immediate")
    _wait_until(lambda: statuses[503] > 0)
    standby.promote()
    before = len(sent)
    _wait_until(lambda: len(sent) > before + 10)
    enough.set()
    recording.join()
    return sent, statuses


def _wait_until(is_so) -> None:
    until = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < until
        time.sleep(0.05)
