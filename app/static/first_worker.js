// The worker of a browser that is no tablet: it shows a page of our own where there is no network, and keeps nothing else.
// BUILD = {version} stands on a line before this one.
"use strict";

const CACHE = `ventanilla-${BUILD.version}`, OFFLINE = "/offline";

self.addEventListener("install", (event) => event.waitUntil(keep().catch(() => {})));
async function keep() {
  const cache = await caches.open(CACHE);
  const chosen = self.cookieStore && await self.cookieStore.get("locale");
  // Asked for without cookies: what is kept is drawn for nobody, and takes no message that waits for a person.
  const answer = await fetch(`${OFFLINE}?locale=${chosen ? chosen.value : ""}`, { credentials: "omit", cache: "no-store", redirect: "error" });
  if (answer.status !== 200 || !isOurs(answer)) return;
  const named = [...(await answer.clone().text()).matchAll(/(?:src|href)="(\/static\/[^"#]+\.(?:css|svg)\?[^"#]+)/g)].map((found) => found[1]);
  await cache.put(OFFLINE, answer);
  await cache.addAll([...new Set(named)]);
}
// Whoever else answers (a network that wants a sign-in) does not know our policy.
const isOurs = (answer) => (answer.headers.get("Content-Security-Policy") || "").includes("trusted-types ventanilla");

self.addEventListener("activate", (event) => event.waitUntil(activate()));
async function activate() {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith("ventanilla-") && name !== CACHE).map((name) => caches.delete(name)));
  await self.clients.claim();
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== location.origin) return;
  if (request.mode === "navigate") event.respondWith(fetch(request).catch(() => kept(OFFLINE)));
  else if (url.pathname.startsWith("/static/")) event.respondWith(kept(request.url).then((found) => (found.type === "error" ? fetch(request) : found)));
});
const kept = async (key) => await (await caches.open(CACHE)).match(key) || Response.error();
self.addEventListener("message", (event) => { if (event.data && event.data.takeOver) self.skipWaiting(); });
