// Saving on an enrolled tablet: the record is sealed at once, kept strictly, read back, and sent when it can be.
"use strict";
(() => {
  const ventanilla = (self.ventanilla ||= {});
  const FORMAT = 1, MOST_IN_A_COPY = 1000;
  const store = ventanilla.store;

  const device = () => store.get("device");
  // Whoever does not work at this desk (a supervisor who signs in, a visitor) records on line only, in their own scope.
  const onDuty = ({ device: mine, person, locked, people }) => Boolean(mine && mine.state === "enrolled" && person && !locked && (!people || people.some((one) => one.account === person.account)));
  const situation = () => store.many(["device", "person", "locked", "people"]);
  const isOpen = async () => onDuty(await situation());

  // Rejects with Error: "closed" (not enrolled, or nobody on duty), "taken" (this id is kept already), "full", "storage".
  async function save(kind, content, n = 0, about = undefined) {
    const now = await situation();
    const { device: mine, person } = now;
    if (!onDuty(now)) throw new Error("closed");
    const id = content.id || ventanilla.uuid();
    const place = await store.next();
    const said = kind === "consultation" ? lean(content, mine) : content;
    const whole = { ...said, id, kind, author: person.account, sequence: place };
    const key = mine.keys[0];
    const { sealed, receipt } = await ventanilla.seal(key, id, whole);
    const entry = { id, place, key: key.id, format: FORMAT, sealed, receipt, saved_at: Date.now(), n, kind };
    await store.put(about ? { ...entry, about } : entry);
    // First of all the browser is asked to remember it: the page may be closed before its own attempt has failed.
    ventanilla.sender.wake().catch(() => {});
    ventanilla.sender.poke("save").catch(() => {});
    return { id };
  }
  // What the server fills in itself is left out: on a bad line every byte is paid for, also by the battery.
  const USUAL = { channel: "desk_in_person", modality: "informational", travel_group: "not_stated" };
  function lean(content, { lists }) {
    const first = lists && lists.languages ? lists.languages[0] : undefined;
    const usual = { ...USUAL, language: first, main_topic: (content.topics || [])[0] };
    const told = Object.entries(content).filter(([name, value]) => value !== usual[name] && value !== null && !(name === "flags" && !value.length));
    const groups = (content.groups || []).map((group) => {
      const { situation, ...rest } = group;
      return situation === "unknown" ? rest : group;
    });
    return { ...Object.fromEntries(told), ...(content.groups ? { groups } : {}) };
  }
  async function voided(record, reason) {
    const mine = await device();
    return save("void", { record, desk: mine && mine.desk.code, reason }, 0, record);
  }

  // The queue as files that a supervisor can bring to the server; they are as sealed as the queue itself.
  async function copies() {
    const mine = await device();
    const all = await store.list();
    const on = await store.today();
    const files = [];
    for (let from = 0; from < all.length; from += MOST_IN_A_COPY) {
      const envelopes = all.slice(from, from + MOST_IN_A_COPY).map(ventanilla.envelope);
      const text = JSON.stringify({ format: FORMAT, device: mine ? mine.device : null, envelopes });
      files.push({ name: `ventanilla-${on}-${files.length + 1}.json`, blob: new Blob([text], { type: "application/json" }) });
    }
    return files;
  }

  ventanilla.outbox = { isOpen, device, save, void: voided, copies };
})();
