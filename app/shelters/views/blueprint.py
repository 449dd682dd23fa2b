"""The blueprint of shelters."""

from flask import Blueprint

blueprint = Blueprint("shelters", __name__)
