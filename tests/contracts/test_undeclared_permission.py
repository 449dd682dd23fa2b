"""The app does not start with a view that does not state who may call it."""

import pytest

from app.staff.vocabulary import ROLE_PERMISSIONS
from app.web.access import require_declared_permissions
from app.web.permissions import PERMISSIONS

pytestmark = pytest.mark.both_databases


def test_every_view_states_a_known_permission(app):
    declared = {
        name: getattr(view, "permission", None) for name, view in app.view_functions.items()
    }
    declared.pop("static")
    assert {name for name, permission in declared.items() if permission not in PERMISSIONS} == set()


def test_an_app_with_a_view_without_permission_is_refused(app):
    app.add_url_rule("/unstated", "unstated", lambda: "open to all")
    with pytest.raises(RuntimeError, match="unstated"):
        require_declared_permissions(app)


def test_no_role_has_a_permission_that_does_not_exist_and_admins_see_no_case_data():
    granted = {
        permission for permissions in ROLE_PERMISSIONS.values() for permission in permissions
    }
    assert granted <= set(PERMISSIONS.codes)
    case_data = {"record_consultations", "correct_consultations", "see_today", "see_counts"}
    assert ROLE_PERMISSIONS["admin"].isdisjoint(case_data)
