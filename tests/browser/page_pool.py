"""Pages that one test after the other has: a new window and its process cost three times what a page costs to draw."""

from collections.abc import Callable, Hashable
from contextlib import suppress
from dataclasses import dataclass, field

from playwright.sync_api import BrowserContext, CDPSession, ConsoleMessage, Error, Page

NOWHERE = "/healthz"
"""Within the site, so that the page keeps its process, and without scripts, so that nothing is stored meanwhile."""


MOST_FREE = 4


@dataclass(eq=False)
class PooledPage:
    """A page alone in its context; `errors` holds what its console and its scripts complained of."""

    page: Page
    storage: CDPSession
    is_fault: Callable[[ConsoleMessage], bool]
    errors: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", lambda m: self.errors.append(m.text) if self.is_fault(m) else None)
        self.page.on("pageerror", lambda e: self.errors.append(str(e)))

    def leave(self, address: str) -> None:
        """End what the page does; raises Error if it is gone."""
        for other in self.page.context.pages:
            if other is not self.page:
                other.close()
        self.page.unroute_all(behavior="ignoreErrors")
        self.page.goto(address + NOWHERE)

    def reset(self, address: str, size: tuple[int, int]) -> None:
        """Make it as good as new: nothing stored, its own size."""
        self.page.context.clear_cookies()
        self.page.emulate_media(media="null")
        self.page.set_viewport_size({"width": size[0], "height": size[1]})
        self.storage.send("Storage.clearDataForOrigin", {"origin": address, "storageTypes": "all"})
        self.page.evaluate("sessionStorage.clear()")
        self.errors.clear()


class PagePool:
    """Free pages by what their contexts were made with, the most recent last."""

    def __init__(self, address: str, is_fault: Callable[[ConsoleMessage], bool]) -> None:
        self.address, self.is_fault = address, is_fault
        self._free: list[tuple[Hashable, PooledPage]] = []

    def take(
        self, key: Hashable, size: tuple[int, int], new_context: Callable[[], BrowserContext]
    ) -> PooledPage:
        """Return a free page of that key, or a new one."""
        found = next((free for free in self._free if free[0] == key), None)
        if found is not None:
            self._free.remove(found)
            found[1].reset(self.address, size)
            return found[1]
        context = new_context()
        page = context.new_page()
        return PooledPage(page, context.new_cdp_session(page), self.is_fault)

    def give_back(self, key: Hashable, pooled: PooledPage) -> None:
        """Keep a page for the next test, and close the one that nobody took for longest."""
        with suppress(Error):  # the test closed it
            pooled.leave(self.address)
            self._free.append((key, pooled))
        while len(self._free) > MOST_FREE:
            self._free.pop(0)[1].page.context.close()
