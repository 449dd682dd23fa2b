/** What the types of a worker lack, for the two service workers and the scripts that they share with pages. */

/** Written before the worker's script by the server. */
declare const BUILD: { version: string; assets: string[]; locales: string[] };

/** In a worker there is none: scripts that both use ask for it. */
declare const document: undefined;

interface SyncManager {
  register(tag: string): Promise<void>;
  getTags(): Promise<string[]>;
}
interface ServiceWorkerRegistration {
  /** Chromium only. */
  readonly sync?: SyncManager;
}
interface WorkerGlobalScope {
  readonly CompressionStream?: typeof CompressionStream;
}
