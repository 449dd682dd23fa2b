// What the tablet keeps, on an IndexedDB in memory: nothing is overwritten, and nothing is stored in clear text.
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import "fake-indexeddb/auto";
import { decode, encode, envelope, store } from "../../app/static/tablet/store.js";

const AT = Date.parse("2026-03-10T18:00:00Z");
const device = { device: "d1", desk: { code: "MEX-02", time_zone: "America/Mexico_City" }, state: "enrolled" };
const entry = (id, changes = {}) => ({
  id,
  key: "k1",
  format: 1,
  sealed: `sealed-${id}`,
  receipt: `r-${id}`,
  saved_at: AT,
  n: 2,
  kind: "consultation",
  ...changes,
});
const put = async (id, changes = {}) => store.put(entry(id, { place: await store.next(), ...changes }));
const ids = async (...range) => (await store.list(...range)).map(({ id }) => id);
/** The ids of all lines, of whatever day. */
const dayLines = () =>
  new Promise((resolve) => {
    indexedDB.open("ventanilla").onsuccess = ({ target }) => {
      target.result.transaction("day").objectStore("day").getAllKeys().onsuccess = (event) => resolve(event.target.result);
    };
  });

beforeEach(async () => {
  await store.remove(await ids());
  for (const key of ["device", "person", "shift", "sequence", "saved", "contact", "locked", "tries", "touched", "session", "pruned"]) {
    await store.set(key, undefined);
  }
});

test("settings come back as they were, and undefined removes one", async () => {
  await store.set("device", device);
  assert.deepEqual(await store.get("device"), device);
  assert.deepEqual(await store.many(["device", "person"]), { device, person: undefined });
  assert.equal(await store.update("sequence", (last) => (last || 0) + 5), 5);
  await store.set("device", undefined);
  assert.equal(await store.get("device"), undefined);
});

test("a search of the files finds no setting in clear text", () => {
  const bytes = encode({ desk: "MEX-02", name: "Tapachula" });
  const text = Buffer.from(bytes).toString("latin1");
  for (const word of ["MEX-02", "Tapachula", "desk", "{"]) assert.equal(text.includes(word), false, word);
  assert.deepEqual(decode(bytes), { desk: "MEX-02", name: "Tapachula" });
  assert.equal(decode(undefined), undefined);
});

test("records leave in the order in which they were saved", async () => {
  for (const id of ["c", "a", "b"]) await put(id);
  assert.deepEqual(await ids(), ["c", "a", "b"]);
  assert.deepEqual(await ids(2), ["c", "a"]);
  assert.deepEqual(await ids(undefined, (await store.list())[0].place), ["a", "b"]);
  assert.equal((await store.oldest())?.id, "c");
  assert.equal(await store.waiting(), 3);
});

test("a record is never overwritten", async () => {
  await put("o1");
  await assert.rejects(put("o1", { sealed: "another" }), { message: "taken" });
  assert.equal((await store.oldest())?.sealed, "sealed-o1");
  assert.equal(await store.get("saved"), 1);
});

test("what was removed is gone, and its line of the day says what became of it", async () => {
  await store.set("device", device);
  for (const id of ["r1", "r2", "r3"]) await put(id, { saved_at: Date.now() });
  await store.remove(["r1", "r2"], { r2: "mend" });
  assert.deepEqual(await ids(), ["r3"]);
  const states = Object.fromEntries((await store.day()).map((line) => [line.id, line.state]));
  assert.deepEqual(states, { r1: "sent", r2: "mend", r3: "waiting" });
});

test("a voided record stays void, whatever becomes of it", async () => {
  await put("v1", { saved_at: Date.now() });
  await put("v2", { kind: "void", about: "v1", n: 0 });
  await store.remove(["v1", "v2"], { v1: "mend" });
  assert.equal((await store.day()).find((line) => line.id === "v1")?.state, "void");
});

test("the shift counts records, persons and voidings of who is on duty, and resumes with the same person", async () => {
  await store.arrive({ account: "ana", role: "desk_staff" }, true);
  await put("s1");
  await put("s2", { kind: "void", about: "s1" });
  await put("s3", { kind: "referral" });
  const { saved, persons, voided } = await store.get("shift");
  assert.deepEqual([saved, persons, voided], [1, 2, 1]);
  await store.arrive({ account: "ana" }, false);
  assert.equal((await store.get("shift")).saved, 1);
  await store.arrive({ account: "ben" }, false);
  assert.equal((await store.get("shift")).saved, 0);
  assert.equal(await store.get("session"), "ana");
});

test("arriving unlocks the tablet and forgets wrong tries", async () => {
  await store.set("locked", true);
  await store.set("tries", { n: 5 });
  await store.arrive({ account: "ana" }, true);
  assert.deepEqual(await store.many(["locked", "tries", "session"]), { locked: false, tries: { n: 0 }, session: "ana" });
});

test("today is the desk's day by the server's clock", async () => {
  await store.set("device", device);
  assert.equal(await store.today(Date.parse("2026-03-10T05:30:00Z")), "2026-03-09");
  await store.set("contact", { offset: 3_600_000 });
  assert.equal(await store.today(Date.parse("2026-03-10T05:30:00Z")), "2026-03-10");
});

test("lines of another day go, but not while their record waits", async () => {
  for (const id of ["p1", "p2"]) await put(id);
  await put("p3", { saved_at: Date.now() });
  await store.remove(["p1", "p3"]);
  await store.prune();
  const lines = await dayLines();
  assert.deepEqual(
    ["p1", "p2", "p3"].map((id) => lines.includes(id)),
    [false, true, true],
  );
});

test("only what the server needs of an entry is sent", () => {
  assert.deepEqual(envelope(entry("a", { place: 1 })), { id: "a", key: "k1", format: 1, sealed: "sealed-a" });
});
