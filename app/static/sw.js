// The worker of an enrolled tablet: opens its pages from what it keeps, and sends when no page does it.
// BUILD = {version, assets, scripts, locales} stands on a line before this one.
"use strict";

const policy = self.trustedTypes ? trustedTypes.createPolicy("ventanilla", { createScriptURL: (path) => ownScript(path) }) : { createScriptURL: (path) => path };
function ownScript(path) {
  if (!path.startsWith("/static/")) throw new TypeError(path);
  return path;
}
importScripts(...BUILD.scripts.map((path) => policy.createScriptURL(path)));
const { store, sender } = self.ventanilla;

const CACHE = `ventanilla-${BUILD.version}`;
const SHELLS = ["record", "today", "lock", "refer"], NEEDED = ["record", "today", "lock"], OFFLINE = "/offline";
const PLACES = { "/consultations/new": "record", "/today": "today", "/referrals/new": "refer" };
const WITHOUT_A_PERSON = /^\/(sign-in|enrol|offline|invitations\/[^/]+)$/;
const CHANGES_WHO = /^\/(sign-in|sign-out|account\/sign-out-everywhere|invitations\/[^/]+)$/;
const IDLE_SECONDS = 300, PATIENCE = 5000, STALE = 72000000, HELD = 60000, TRIES = 2;

// --- Life: installed with what a first visit has fetched anyway, and on a tablet with all of the new version. ---
self.addEventListener("install", (event) => event.waitUntil(install()));
async function install() {
  await keepOfflinePage().catch(() => {});
  const { active } = self.registration, now = await situation();
  const isUpdate = Boolean(active && active.scriptURL.endsWith("?tablet"));
  const done = isEnrolled(now) ? fill(now.device, isUpdate) : Promise.resolve();
  // The former version goes on until this one has all that a tablet needs; a first one has nobody to wait for.
  await (isUpdate ? done : done.catch(() => {}));
  if (!isUpdate) await self.skipWaiting();
}
self.addEventListener("activate", (event) => event.waitUntil(activate()));
async function activate() {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith("ventanilla-") && name !== CACHE).map((name) => caches.delete(name)));
  await self.clients.claim();
  if (coming) await noteFilled(coming);
}
async function keepOfflinePage() {
  const chosen = self.cookieStore && await self.cookieStore.get("locale");
  const text = await keepPage(OFFLINE, await fetchOffline(chosen ? chosen.value : ""));
  const named = [...text.matchAll(/(?:src|href)="(\/static\/[^"#]+)/g)].map((found) => found[1]);
  await keepAssets(named.filter((path) => BUILD.assets.includes(path)));
}
// Asked for without cookies: what is kept is drawn for nobody, and takes no message that waits for a person.
const fetchOffline = (locale) => fetch(`${OFFLINE}?locale=${locale}`, { credentials: "omit", cache: "no-store", redirect: "error" });

// --- What is known of this tablet. A browser that is none has no store, and gets none by being asked. ---
let known = false;
async function situation() {
  try {
    known ||= !indexedDB.databases || (await indexedDB.databases()).some((one) => one.name === "ventanilla");
    return known ? await store.many(["device", "person", "session", "locked", "locale", "shells", "touched", "idle"]) : {};
  } catch (error) { return {}; }
}
const isEnrolled = ({ device }) => Boolean(device && device.state === "enrolled");
// Nobody touched the tablet for as long as lock.js allows: nothing is shown first that the lock would then hide.
const isIdle = ({ touched, idle }) => Boolean(touched) && Date.now() - touched >= 1000 * (idle || IDLE_SECONDS);

// --- What is kept: the app's files, and pages without a person, packed so that nothing of them stands in clear on the disk. ---
async function keepAssets(paths) {
  const cache = await caches.open(CACHE);
  await Promise.all(paths.map(async (path) => {
    if (await cache.match(path)) return;
    let answer = await caches.match(path) || await fetch(path);
    if (!isOurs(answer)) answer = await fetch(path, { cache: "reload" });
    if (!answer.ok || !isOurs(answer)) throw new Error(path);
    await cache.put(path, answer);
  }));
}
async function keepPage(key, answer) {
  if (answer.status !== 200 || !isOurs(answer)) throw new Error(key);
  const text = await answer.text();
  const headers = new Headers(answer.headers);
  ["Content-Encoding", "Content-Length", "Set-Cookie", "Vary"].forEach((name) => headers.delete(name));
  headers.set("X-Packed", self.CompressionStream ? "gzip" : "no");
  const packed = self.CompressionStream ? new Blob([text]).stream().pipeThrough(new CompressionStream("gzip")) : text;
  await (await caches.open(CACHE)).put(key, new Response(await new Response(packed).arrayBuffer(), { headers }));
  return text;
}
async function kept(key) {
  const found = await (await caches.open(CACHE)).match(key);
  if (!found) return null;
  const body = found.headers.get("X-Packed") === "gzip" ? found.body.pipeThrough(new DecompressionStream("gzip")) : found.body;
  return new Response(body, { headers: found.headers });
}
// Whoever else answers (a network that wants a sign-in) does not know our policy.
const isOurs = (answer) => (answer.headers.get("Content-Security-Policy") || "").includes("trusted-types ventanilla");

// --- Shells: four pages in every language, the one spoken here first; again for a new version, new lists, a new day. ---
let filling = null, coming = null;
const fill = (device, isUpdate = false) => (filling ||= fillAll(device, isUpdate).finally(() => { filling = null; }));
async function fillAll(device, isUpdate) {
  await keepAssets(BUILD.assets);
  const first = (await situation()).locale;
  for (const locale of [first, ...BUILD.locales.filter((one) => one !== first)].filter(Boolean)) {
    for (const name of SHELLS) await fetchShell(device, name, locale);
    await keepPage(`${OFFLINE}?locale=${locale}`, await fetchOffline(locale));
  }
  // One that waits says so when its turn has come: else the former one would take its own pages for old and fetch all again.
  if (isUpdate) coming = device; else await noteFilled(device);
}
async function noteFilled(device) {
  await store.set("version", BUILD.version);
  await store.set("shells", { of: signOf(device), at: Date.now() });
  self.ventanilla.changed();
}
const signOf = ({ device, desk, lists }) => [BUILD.version, device, desk && desk.code, lists && lists.version].join(" ");
async function fetchShell(device, name, locale) {
  const key = `/sync/shell/${name}?locale=${locale}`;
  const headers = { Authorization: `Device ${device.credential}`, Accept: "text/html" };
  const answer = await fetch(key, { headers, credentials: "omit", cache: "no-store", redirect: "error" });
  if (answer.status === 200 || NEEDED.includes(name)) await keepPage(key, answer);
}
async function refill() {
  const now = await situation();
  if (!isEnrolled(now)) return;
  const last = now.shells;
  const fresh = last && last.of === signOf(now.device) && Math.abs(Date.now() - last.at) < STALE;
  if (!fresh) await fill(now.device).catch(() => {});
}
async function shell(name, now) {
  const locale = now.locale || BUILD.locales[0];
  const key = `/sync/shell/${name}?locale=${locale}`;
  const found = await kept(key);
  if (found) return found;
  await fetchShell(now.device, name, locale).catch(() => {});
  return kept(key);
}

// --- Requests: own files from the cache, pages as the tablet stands; everything else goes its way untouched. ---
self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (url.origin !== location.origin) return;
  if (request.mode === "navigate") {
    if (request.method === "GET") event.respondWith(open(event, url));
    else if (CHANGES_WHO.test(url.pathname)) event.respondWith(whoComes(event, url));
  } else if (request.method === "GET" && url.pathname.startsWith("/static/")) {
    event.respondWith(asset(request));
  }
});
async function asset(request) {
  return await (await caches.open(CACHE)).match(request.url) || fetch(request);
}
async function open(event, url) {
  const now = await situation();
  if (isEnrolled(now)) event.waitUntil(refillSoon());
  if (now.device && now.person && !now.locked && isIdle(now)) await lockNow(now);
  const answer = await drawn(event.request, url, now);
  return answer || await offline(now) || Response.error();
}
async function lockNow(now) {
  now.locked = true;
  await store.set("locked", true).catch(() => {});
}
// The lock comes before everything else; pages of the server only for the person whose session it is.
function drawn(request, url, now) {
  if (!now.device || WITHOUT_A_PERSON.test(url.pathname)) return live(request, "", now);
  if (now.locked || !now.person || url.pathname === "/lock") return shell("lock", now);
  const own = now.session === now.person.account;
  if (!isEnrolled(now)) return own ? live(request, "", now) : shell("lock", now);
  if (url.pathname === "/") return Response.redirect("/consultations/new");
  const name = PLACES[url.pathname];
  if (name === "record" && !url.search) return shell(name, now).then((found) => found || live(request, name, now));
  if (own) return live(request, name, now);
  return shell(name || "lock", now);
}
async function live(request, name, now) {
  const late = new Promise((_, reject) => { if (name) setTimeout(reject, PATIENCE); });
  try {
    const answer = await Promise.race([fetch(request), late]);
    if (name && answer.status >= 500) throw new Error("busy");
    return answer;
  } catch (error) { return name ? shell(name, now) : null; }
}
const offline = async ({ locale }) => (locale && await kept(`${OFFLINE}?locale=${locale}`)) || kept(OFFLINE);
let refilled = 0;
async function refillSoon() {
  if (Date.now() - refilled < HELD) return;
  refilled = Date.now();
  await refill();
}

// --- Signing in and out by the server's own pages: who it is now, is asked of the server, not guessed. ---
async function whoComes(event, url) {
  const now = await situation();
  const answer = await fetch(event.request).catch(() => null);
  if (!answer) return await offline(now) || Response.error();
  if (now.device && (answer.type === "opaqueredirect" || answer.ok)) await noteWho(url);
  return answer;
}
async function noteWho(url) {
  const asked = await fetch("/sync/me", { headers: { Accept: "application/json" }, cache: "no-store", redirect: "error" }).catch(() => null);
  const me = asked && asked.ok ? await asked.json().catch(() => null) : null;
  if (me && me.account) await store.arrive(me, true);
  else if (asked && asked.status === 401) {
    await store.set("session", "");
    if (!url.pathname.startsWith("/sign-in")) await store.set("person", undefined);
  }
}

// --- Woken by the browser when there is a network; no record may wait because one attempt failed. ---
self.addEventListener("sync", (event) => event.waitUntil(sendAll()));
async function sendAll() {
  if (!isEnrolled(await situation())) return;
  for (let tries = 1; ; tries += 1) {
    const { waiting, told } = await sender.poke("sync");
    if (!waiting || told === "refused") return;
    if (tries > TRIES || self.registration.waiting) break;
    await new Promise((done) => setTimeout(done, pauseOf(tries)));
  }
  // A used name would sleep for minutes. Without a page the browser may refuse a new one: then it repeats this by itself.
  if (!self.registration.waiting) await self.registration.sync.register(`send-${Date.now()}`);
}
const pauseOf = (tries) => (0.5 + Math.random() / 2) * Math.min(60000, 5000 * 6 ** (tries - 1));

// --- Messages of pages: take over, fetch the shells, hold one form's answers while its language changes. ---
let held = null;
self.addEventListener("message", (event) => {
  const said = event.data || {};
  if (said.takeOver) self.skipWaiting();
  if (said.shells) event.waitUntil(refill());
  if (said.keep !== undefined) held = { answers: said.keep, at: Date.now() };
  if (said.keep !== undefined || said.take) event.waitUntil(reply(event, said));
});
async function reply(event, said) {
  let told = true;
  if (said.take) {
    const { locked, person } = await situation();
    told = held && person && !locked && Date.now() - held.at < HELD ? held.answers : null;
    held = null;
  }
  const port = event.ports[0] || event.source;
  if (port) port.postMessage(said.take ? { held: told } : { kept: told });
}
