// @ts-check
// The worker of a browser that is no tablet: it shows a page of our own if there is no network, and caches nothing else.
// The server puts BUILD = { version } on a line before this script.

const CACHE = `ventanilla-${BUILD.version}`;
const OFFLINE = "/offline";
const scope = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (self));

scope.addEventListener("install", (event) =>
  event.waitUntil(
    storePage().catch(() => {
      // Stored by the next version; until then the browser shows its own page.
    }),
  ),
);
async function storePage() {
  const cache = await caches.open(CACHE);
  const chosen = scope.cookieStore && (await scope.cookieStore.get("locale"));
  // Asked for without cookies: what is stored is drawn for nobody, and takes no message that waits for a person.
  const answer = await fetch(`${OFFLINE}?locale=${chosen ? chosen.value : ""}`, {
    credentials: "omit",
    cache: "no-store",
    redirect: "error",
  });
  if (answer.status !== 200 || !isOurs(answer)) return;
  const text = await answer.clone().text();
  const assets = [...text.matchAll(/(?:src|href)="(\/static\/[^"#]+\.(?:css|svg)\?[^"#]+)/g)].map((found) => found[1]);
  await cache.put(OFFLINE, answer);
  await cache.addAll([...new Set(assets)]);
}
/**
 * Whoever else answers (a network that wants a sign-in) does not send our policy.
 * @param {Response} answer
 */
const isOurs = (answer) => (answer.headers.get("Content-Security-Policy") || "").includes("trusted-types ventanilla");

scope.addEventListener("activate", (event) => event.waitUntil(activate()));
async function activate() {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith("ventanilla-") && name !== CACHE).map((name) => caches.delete(name)));
  await scope.clients.claim();
}

scope.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== location.origin) return;
  if (request.mode === "navigate") event.respondWith(fetch(request).catch(() => cached(OFFLINE)));
  else if (url.pathname.startsWith("/static/")) {
    event.respondWith(cached(request.url).then((found) => (found.type === "error" ? fetch(request) : found)));
  }
});
/** @param {string} key */
const cached = async (key) => (await (await caches.open(CACHE)).match(key)) || Response.error();
scope.addEventListener("message", (event) => {
  if (event.data?.takeOver) scope.skipWaiting();
});
