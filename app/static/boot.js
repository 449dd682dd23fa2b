// @ts-check
// Marks the page as one with scripts, sets the light chosen on this device, and defines the one Trusted Types policy.
// A classic script: it runs before the page is drawn.
"use strict";
(() => {
  const root = document.documentElement;
  root.classList.add("js");

  // A page kept on the tablet was drawn before this choice.
  const chosen = (/(?:^|; )mode=(light|sun|night)(?:;|$)/.exec(document.cookie) || [])[1];
  if (chosen) root.dataset.mode = chosen;
  else delete root.dataset.mode;

  const rules = {
    /** @param {string} path */
    createScriptURL(path) {
      const url = new URL(path, location.origin);
      if (url.origin !== location.origin || url.pathname !== "/sw.js") throw new TypeError(path);
      return url.pathname + url.search;
    },
    /** @param {string} text */
    createHTML(text) {
      if (!/^\s*<!doctype html>/i.test(text)) throw new TypeError("not a page of ours");
      return text;
    },
  };
  const policy = self.trustedTypes ? self.trustedTypes.createPolicy("ventanilla", rules) : rules;
  self.ventanilla = {
    trusted: {
      createScriptURL: (path) => policy.createScriptURL(path),
      page: (text) => new DOMParser().parseFromString(policy.createHTML(text), "text/html"),
    },
  };
})();
