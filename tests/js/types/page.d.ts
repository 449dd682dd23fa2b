/** What the browser's own types lack, for the scripts of pages. */

interface TrustedPolicy {
  /** The address of a worker, checked to be our own. */
  createScriptURL(path: string): string;
  /** A page of the server, parsed. */
  page(text: string): Document;
}

interface Window {
  /** Set by boot.js; modules add to it what support and tests reach from the console. */
  ventanilla: { trusted: TrustedPolicy };
  trustedTypes?: {
    createPolicy(
      name: string,
      rules: { createScriptURL(path: string): string; createHTML(text: string): string },
    ): { createScriptURL(path: string): any; createHTML(text: string): any };
  };
  BarcodeDetector: new (options: { formats: string[] }) => { detect(image: CanvasImageSource): Promise<{ rawValue: string }[]> };
}

interface SyncManager {
  register(tag: string): Promise<void>;
  getTags(): Promise<string[]>;
}
interface ServiceWorkerRegistration {
  /** Chromium only. */
  readonly sync?: SyncManager;
}
