"""The blueprint of pages that span sibling packages."""

from flask import Blueprint

blueprint = Blueprint("cases", __name__)
