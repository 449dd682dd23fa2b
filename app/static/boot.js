// Says at once that scripts run, lights the page as chosen on this device, and lets scripts use only what is our own.
"use strict";
(() => {
  const root = document.documentElement;
  root.classList.add("js");

  // A page kept on the tablet was drawn before this choice.
  const chosen = (/(?:^|; )mode=(light|sun|night)(?:;|$)/.exec(document.cookie) || [])[1];
  if (chosen) root.dataset.mode = chosen; else delete root.dataset.mode;

  const rules = {
    createScriptURL(path) {
      const url = new URL(path, location.origin);
      if (url.origin !== location.origin || !(url.pathname === "/sw.js" || url.pathname.startsWith("/static/"))) throw new TypeError(path);
      return url.pathname + url.search;
    },
    createHTML(text) {
      if (!/^\s*<!doctype html>/i.test(text)) throw new TypeError("not a page of ours");
      return text;
    },
  };
  const policy = self.trustedTypes ? trustedTypes.createPolicy("ventanilla", rules) : rules;
  (self.ventanilla ||= {}).trusted = {
    createScriptURL: (path) => policy.createScriptURL(path),
    page: (text) => new DOMParser().parseFromString(policy.createHTML(text), "text/html"),
  };
})();
