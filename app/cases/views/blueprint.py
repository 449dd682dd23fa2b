"""The blueprint of what spans rooms of equal rank."""

from flask import Blueprint

blueprint = Blueprint("cases", __name__)
