// @ts-check
// The scripts of an enrolled tablet, loaded together by the first page that finds a store.
import { uuid } from "../lib/encoding.js";
import { seal } from "./crypto.js";
import { outbox } from "./outbox.js";
import { startChip } from "./status_chip.js";
import { store } from "./store.js";
import { syncQueue } from "./sync_queue.js";
import "./lock.js";

// For support and tests: the console of a page reaches the same objects as its scripts.
Object.assign(self.ventanilla, { store, outbox, syncQueue, seal, uuid });

export { startChip, store };
