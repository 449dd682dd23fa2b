"""axe-core in the browser: loaded once into a page, and asked for violations alone."""

from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

RUN = """async ([context, options]) => {
  const found = await axe.run(context ?? document, { ...options, resultTypes: ["violations"] });
  return found.violations.map((one) => [one.id, one.nodes.slice(0, 3).map((node) => node.html.slice(0, 160))]);
}"""


def find_violations(page: Page, context: Any, options: dict[str, Any]) -> list[Any]:
    """Return the id of each violated rule and the beginnings of the first elements that violate it."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    found: list[Any] = page.evaluate(RUN, [context, options])
    return found
