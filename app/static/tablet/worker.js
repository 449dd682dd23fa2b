// @ts-check
// The worker of an enrolled tablet: opens its pages from its cache, and sends when no page does it.
// The server answers it at /sw.js?tablet as one classic script with its imports, BUILD on a line before them.
import { workerPause } from "./backoff.js";
import { announceChange, store } from "./store.js";
import { syncQueue } from "./sync_queue.js";

/** @import { Device, Settings } from "./store.js" */

/** @typedef {Partial<Settings>} Situation what the tablet's store knows */

const scope = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (self));
const CACHE = `ventanilla-${BUILD.version}`;
const SHELLS = ["record", "today", "lock", "refer"];
const NEEDED = ["record", "today", "lock"];
const OFFLINE = "/offline";
/** @type {Record<string, string>} */
const SHELL_OF = { "/consultations/new": "record", "/today": "today", "/referrals/new": "refer" };
const WITHOUT_A_PERSON = /^\/(sign-in|enrol|offline|invitations\/[^/]+)$/;
const CHANGES_WHO = /^\/(sign-in|sign-out|account\/sign-out-everywhere|invitations\/[^/]+)$/;
const IDLE_SECONDS = 300;
const ANSWER_WITHIN = 5000;
const STALE = 72_000_000;
const HELD = 60_000;
const TRIES = 2;

// --- Life cycle: installed with what a first visit has fetched anyway, and on a tablet with all of the new version. ---
scope.addEventListener("install", (event) => event.waitUntil(install()));
async function install() {
  await storeOfflinePage().catch(() => {
    // Fetched again with the shells.
  });
  const { active } = scope.registration;
  const { device } = await situation();
  const isUpdate = Boolean(active?.scriptURL.endsWith("?tablet"));
  const filled = isEnrolled(device) ? fill(device, isUpdate) : Promise.resolve();
  // The former version goes on until this one has all that a tablet needs; a first one has nobody to wait for.
  await (isUpdate
    ? filled
    : filled.catch(() => {
        // Fetched again with the next page.
      }));
  if (!isUpdate) await scope.skipWaiting();
}
scope.addEventListener("activate", (event) => event.waitUntil(activate()));
async function activate() {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith("ventanilla-") && name !== CACHE).map((name) => caches.delete(name)));
  await scope.clients.claim();
  if (coming) await noteFilled(coming);
}
async function storeOfflinePage() {
  const chosen = scope.cookieStore && (await scope.cookieStore.get("locale"));
  const text = await storePage(OFFLINE, await fetchOfflinePage(chosen?.value || ""));
  const named = [...text.matchAll(/(?:src|href)="(\/static\/[^"#]+)/g)].map((found) => found[1]);
  await storeAssets(named.filter((path) => BUILD.assets.includes(path)));
}
/**
 * Asked for without cookies: what is stored is drawn for nobody, and takes no message that waits for a person.
 * @param {string} locale
 */
const fetchOfflinePage = (locale) => fetch(`${OFFLINE}?locale=${locale}`, { credentials: "omit", cache: "no-store", redirect: "error" });

// --- What is known of this tablet. A browser that is none has no store, and gets none by being asked. ---
let hasStore = false;
/** @returns {Promise<Situation>} */
async function situation() {
  try {
    hasStore ||= !indexedDB.databases || (await indexedDB.databases()).some((database) => database.name === "ventanilla");
    return hasStore ? await store.many(["device", "person", "session", "locked", "locale", "shells", "touched", "idle"]) : {};
  } catch {
    return {}; // a storage that fails makes it no tablet for now: pages come from the server
  }
}
/**
 * @param {Device | undefined} device
 * @returns {device is Device}
 */
const isEnrolled = (device) => Boolean(device && device.state === "enrolled");
/**
 * Nobody touched the tablet for as long as lock.js allows: nothing is shown first that the lock would then hide.
 * @param {Situation} now
 */
const isIdle = ({ touched, idle }) => Boolean(touched) && Date.now() - Number(touched) >= 1000 * (idle || IDLE_SECONDS);

// --- The cache: the app's files, and pages without a person, compressed so that nothing of them stands in clear on the disk. ---
/** @param {string[]} paths */
async function storeAssets(paths) {
  const cache = await caches.open(CACHE);
  await Promise.all(
    paths.map(async (path) => {
      if (await cache.match(path)) return;
      let answer = (await caches.match(path)) || (await fetch(path));
      if (!isOurs(answer)) answer = await fetch(path, { cache: "reload" });
      if (!answer.ok || !isOurs(answer)) throw new Error(path);
      await cache.put(path, answer);
    }),
  );
}
/**
 * @param {string} key
 * @param {Response} answer
 */
async function storePage(key, answer) {
  if (answer.status !== 200 || !isOurs(answer)) throw new Error(key);
  const text = await answer.text();
  const headers = new Headers(answer.headers);
  for (const name of ["Content-Encoding", "Content-Length", "Set-Cookie", "Vary"]) headers.delete(name);
  headers.set("X-Packed", self.CompressionStream ? "gzip" : "no");
  const packed = self.CompressionStream ? new Blob([text]).stream().pipeThrough(new CompressionStream("gzip")) : text;
  await (await caches.open(CACHE)).put(key, new Response(await new Response(packed).arrayBuffer(), { headers }));
  return text;
}
/** @param {string} key */
async function cachedPage(key) {
  const found = await (await caches.open(CACHE)).match(key);
  if (!found) return null;
  const isPacked = found.headers.get("X-Packed") === "gzip";
  const body = isPacked && found.body ? found.body.pipeThrough(new DecompressionStream("gzip")) : found.body;
  return new Response(body, { headers: found.headers });
}
/**
 * Whoever else answers (a network that wants a sign-in) does not send our policy.
 * @param {Response} answer
 */
const isOurs = (answer) => (answer.headers.get("Content-Security-Policy") || "").includes("trusted-types ventanilla");

// --- Shells: four pages in every language, the one spoken here first; again for a new version, new lists, a new day. ---
/** @type {Promise<void> | null} */
let filling = null;
/** @type {Device | null} */
let coming = null;
/** @param {Device} device */
function fill(device, isUpdate = false) {
  filling ||= fillAll(device, isUpdate).finally(() => {
    filling = null;
  });
  return filling;
}
/**
 * @param {Device} device
 * @param {boolean} isUpdate
 */
async function fillAll(device, isUpdate) {
  await storeAssets(BUILD.assets);
  const first = (await situation()).locale;
  for (const locale of [first, ...BUILD.locales.filter((other) => other !== first)]) {
    if (!locale) continue;
    for (const name of SHELLS) await fetchShell(device, name, locale);
    await storePage(`${OFFLINE}?locale=${locale}`, await fetchOfflinePage(locale));
  }
  // A waiting one reports it when its turn has come: otherwise the former one would fetch all its own pages again.
  if (isUpdate) coming = device;
  else await noteFilled(device);
}
/** @param {Device} device */
async function noteFilled(device) {
  await store.set("version", BUILD.version);
  await store.set("shells", { of: fillingKey(device), at: Date.now() });
  announceChange();
}
const fillingKey = (/** @type {Device} */ { device, desk, lists }) => [BUILD.version, device, desk?.code, lists?.version].join(" ");
/**
 * @param {Device} device
 * @param {string} name
 * @param {string} locale
 */
async function fetchShell(device, name, locale) {
  const key = `/sync/shell/${name}?locale=${locale}`;
  const headers = { Authorization: `Device ${device.credential}`, Accept: "text/html" };
  const answer = await fetch(key, { headers, credentials: "omit", cache: "no-store", redirect: "error" });
  if (answer.status === 200 || NEEDED.includes(name)) await storePage(key, answer);
}
async function refill() {
  const { device, shells } = await situation();
  if (!isEnrolled(device)) return;
  const isFresh = shells && shells.of === fillingKey(device) && Math.abs(Date.now() - shells.at) < STALE;
  if (!isFresh)
    await fill(device).catch(() => {
      // No network: the pages that are stored go on, the next page asks again.
    });
}
/**
 * @param {string} name
 * @param {Situation} now
 */
async function shell(name, now) {
  const locale = now.locale || BUILD.locales[0];
  const key = `/sync/shell/${name}?locale=${locale}`;
  const found = await cachedPage(key);
  if (found || !now.device) return found;
  await fetchShell(now.device, name, locale).catch(() => {
    // No network: the caller shows another page.
  });
  return cachedPage(key);
}

// --- Requests: own files from the cache, pages as the tablet's situation asks; everything else passes untouched. ---
scope.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (url.origin !== location.origin) return;
  if (request.mode === "navigate") {
    if (request.method === "GET") event.respondWith(openPage(event, url));
    else if (CHANGES_WHO.test(url.pathname)) event.respondWith(handleSignIn(event, url));
  } else if (request.method === "GET" && url.pathname.startsWith("/static/")) {
    event.respondWith(asset(request));
  }
});
/** @param {Request} request */
async function asset(request) {
  return (await (await caches.open(CACHE)).match(request.url)) || fetch(request);
}
/**
 * @param {FetchEvent} event
 * @param {URL} url
 */
async function openPage(event, url) {
  const now = await situation();
  if (isEnrolled(now.device)) event.waitUntil(refillSoon());
  if (now.device && now.person && !now.locked && isIdle(now)) await lockNow(now);
  const answer = await choosePage(event.request, url, now);
  return answer || (await offlinePage(now)) || Response.error();
}
/** @param {Situation} now */
async function lockNow(now) {
  now.locked = true;
  await store.set("locked", true).catch(() => {
    // This page shows the lock all the same, and the lock page stores it.
  });
}
/**
 * The lock comes before everything else; pages of the server only for the person whose session it is.
 * @param {Request} request
 * @param {URL} url
 * @param {Situation} now
 * @returns {Promise<Response | null> | Response}
 */
function choosePage(request, url, now) {
  if (!now.device || WITHOUT_A_PERSON.test(url.pathname)) return serverPage(request, "", now);
  if (now.locked || !now.person || url.pathname === "/lock") return shell("lock", now);
  const isOwn = now.session === now.person.account;
  if (!isEnrolled(now.device)) return isOwn ? serverPage(request, "", now) : shell("lock", now);
  if (url.pathname === "/") return Response.redirect("/consultations/new");
  const name = SHELL_OF[url.pathname];
  if (name === "record" && !url.search) return shell(name, now).then((found) => found || serverPage(request, name, now));
  if (isOwn) return serverPage(request, name, now);
  return shell(name || "lock", now);
}
/**
 * @param {Request} request
 * @param {string | undefined} name of the shell that takes its place
 * @param {Situation} now
 */
async function serverPage(request, name, now) {
  /** @type {Promise<never>} */
  const late = new Promise((_, reject) => {
    if (name) setTimeout(reject, ANSWER_WITHIN);
  });
  try {
    const answer = await Promise.race([fetch(request), late]);
    if (name && answer.status >= 500) throw new Error("busy");
    return answer;
  } catch {
    return name ? shell(name, now) : null; // no network, late or busy: the stored page
  }
}
/** @param {Situation} now */
const offlinePage = async ({ locale }) => (locale && (await cachedPage(`${OFFLINE}?locale=${locale}`))) || cachedPage(OFFLINE);
let refilledAt = 0;
async function refillSoon() {
  if (Date.now() - refilledAt < HELD) return;
  refilledAt = Date.now();
  await refill();
}

// --- Signing in and out by the server's own pages: who it is now, is asked of the server, not guessed. ---
/**
 * @param {FetchEvent} event
 * @param {URL} url
 */
async function handleSignIn(event, url) {
  const now = await situation();
  const answer = await fetch(event.request).catch(() => null); // no network: the page for that
  if (!answer) return (await offlinePage(now)) || Response.error();
  if (now.device && (answer.type === "opaqueredirect" || answer.ok)) await noteWho(url);
  return answer;
}
/** @param {URL} url */
async function noteWho(url) {
  /** @type {RequestInit} */
  const options = { headers: { Accept: "application/json" }, cache: "no-store", redirect: "error" };
  const answer = await fetch("/sync/me", options).catch(() => null); // unknown: what the store holds stays
  const me = answer?.ok ? await answer.json().catch(() => null) : null; // not ours: as above
  if (me?.account) await store.arrive(me, true);
  else if (answer?.status === 401) {
    await store.set("session", "");
    if (!url.pathname.startsWith("/sign-in")) await store.set("person", undefined);
  }
}

// --- Woken by the browser when there is a network; no record may wait because one attempt failed. ---
scope.addEventListener("sync", (event) => /** @type {ExtendableEvent} */ (event).waitUntil(sendAll()));
async function sendAll() {
  if (!isEnrolled((await situation()).device)) return;
  for (let tries = 1; ; tries += 1) {
    const { waiting, result } = await syncQueue.triggerSync("sync");
    if (!waiting || result === "refused") return;
    if (tries > TRIES || scope.registration.waiting) break;
    const pause = workerPause(tries);
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
  // A used name would sleep for minutes. Without a page the browser may refuse a new one: then it repeats this by itself.
  if (!scope.registration.waiting) await scope.registration.sync?.register(`send-${Date.now()}`);
}

// --- Messages of pages: take over, fetch the shells, hold one form's answers while its language changes. ---
/** @type {{ answers: unknown, at: number } | null} */
let held = null;
scope.addEventListener("message", (event) => {
  const message = event.data || {};
  if (message.takeOver) scope.skipWaiting();
  if (message.shells) event.waitUntil(refill());
  if (message.keep !== undefined) held = { answers: message.keep, at: Date.now() };
  if (message.keep !== undefined || message.take) event.waitUntil(reply(event, message));
});
/**
 * @param {ExtendableMessageEvent} event
 * @param {{ take?: boolean }} message
 */
async function reply(event, message) {
  /** @type {unknown} */
  let answers = true;
  if (message.take) {
    const { locked, person } = await situation();
    answers = held && person && !locked && Date.now() - held.at < HELD ? held.answers : null;
    held = null;
  }
  const port = event.ports[0] || event.source;
  port?.postMessage(message.take ? { held: answers } : { kept: answers });
}

// For support and tests: the console of the worker reaches the same queue.
Object.assign(self, { ventanilla: { syncQueue } });
