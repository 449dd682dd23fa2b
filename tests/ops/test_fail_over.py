"""The primary of a PostgreSQL stops and its standby takes over: no accepted record is lost, nothing is restarted."""

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
            hosts = "&".join(f"host=127.0.0.1:{node.port}" for node in (primary, standby))
            with serving(f"postgresql+psycopg://test@/postgres?{hosts}") as server:
                accepted, statuses = _record_during_fail_over(server.port, primary, standby)
            engine = create_engine(standby.address + "postgres")
            with engine.connect() as connection:
                rows = connection.execute(text("SELECT id::text FROM consultation")).scalars().all()
            engine.dispose()
    assert set(accepted) <= set(rows) and len(rows) == len(set(rows))
    assert set(statuses) <= {200, 201, 503}, statuses
    assert statuses[503] > 0


def _record_during_fail_over(
    port: int, primary: postgres.Cluster, standby: postgres.Cluster
) -> tuple[list[str], Counter[int]]:
    """Return the records accepted before, during and after the fail-over, and how often each status was answered."""
    ana, accepted, statuses, stop = (
        Client(port).sign_in("ana"),
        list[str](),
        Counter[int](),
        Event(),
    )

    def keep_recording() -> None:
        while not stop.is_set():
            content = consultation_json()
            status = ana.post("/consultations", content)[0]
            statuses[status] += 1
            accepted.extend([content["id"]] if status in (200, 201) else [])

    thread = Thread(target=keep_recording)
    thread.start()
    _wait_until(lambda: len(accepted) > 10)
    primary.stop("immediate")
    _wait_until(lambda: statuses[503] > 0)
    standby.promote()
    before = len(accepted)
    _wait_until(lambda: len(accepted) > before + 10)
    stop.set()
    thread.join()
    return accepted, statuses


def _wait_until(condition) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)
