// The guard of the note: finds in a text what would identify a person, by the same data file and in the same order as
// app/privacy/identifiers.py on the server, before anything is sent. Without scripts the server refuses alone.
"use strict";
(() => {
  const words = (lines) => lines.join(" ").split(" ");

  // --- The rules: what is read from the data file, once. ---
  function compile(data) {
    const part = (name) => data.parts[name] ?? words(data.lists[name]).join("|");
    const pattern = (source, flags = "u") => new RegExp(source.replace(/%([a-z]+)%/g, (_, name) => part(name)), flags);
    const like = `[${data.numbers.like}]`;
    const kinds = new Map();
    for (const [kind, lines] of Object.entries(data.words)) words(lines).forEach((word) => kinds.set(word, kind));
    const rules = data.rules.filter((rule) => rule.texts.includes("note")).flatMap((rule) => {
      const sources = "start" in rule ? [`${rule.start}(?:${rule.patterns.join("|")})`] : rule.patterns;
      const when = rule.when && pattern(rule.when);
      return sources.map((source) => ({ name: rule.name, view: rule.in, when, pattern: pattern(source) }));
    });
    return {
      rules, kinds, marks: data.parts, signs: new Map(Object.entries(data.normal.signs)), digits: digits(data.normal),
      languages: Object.values(data.numerals).map((said) => ({ numerals: new Set(words(said.words)), between: said.between })),
      drop: pattern(data.normal.drop, "gu"), accents: pattern(data.normal.marks, "gu"), blank: pattern(`${data.normal.blank}+`, "gu"),
      clock: pattern(data.numbers.clock, "gu"), places: pattern(data.places, "gu"),
      between: pattern(`(?<=${like})${data.numbers.between.note}(?=${like})`, "gu"),
    };
  }
  function digits(normal) {
    const found = new Map();
    const add = (starts, first) => words(starts).forEach((start) => {
      for (let step = 0; step < 10 - first; step += 1) found.set(String.fromCodePoint(parseInt(start, 16) + step), String(first + step));
    });
    add(normal.zeros, 0);
    add(normal.ones, 1);
    return found;
  }

  // --- One text: its views, and the first rule that it meets. ---
  const put = (text, table) => Array.from(text, (sign) => table.get(sign) ?? sign).join("");
  function marked(word, guard) {
    const small = word.toLowerCase();
    const kind = guard.kinds.get(small);
    if (!kind || (word === small && (kind === "titled" || kind === "known"))) return word;
    return guard.marks[kind === "titled" ? "names" : kind] + small;
  }
  function numerals(small, guard) {
    const said = small.match(/[a-z]+|[0-9]+/g) ?? [];
    const sign = (word, language) => {
      if (language.numerals.has(word)) return "n";
      if (word === language.between) return "j";
      return /^[0-9]{1,2}$/.test(word) ? "d" : "x";
    };
    return guard.languages.map((language) => said.map((word) => sign(word, language)).join("")).join("\n");
  }
  function find(text, guard) {
    const raw = put(text.replace(guard.drop, ""), guard.digits);
    const bare = put(raw.normalize("NFKD").replace(guard.accents, ""), guard.signs);
    const plain = bare.replace(guard.blank, " ").replace(/^ | $/g, "");
    const small = plain.toLowerCase();
    const views = {
      raw, text: plain, lower: small, numerals: numerals(small, guard),
      digits: plain.replace(guard.clock, "x").replace(guard.between, ""),
      names: plain.replace(/[A-Za-z]+/g, (word) => marked(word, guard)).replace(guard.places, ","),
    };
    const met = guard.rules.find((rule) => (!rule.when || rule.when.test(views.digits)) && rule.pattern.test(views[rule.view]));
    return met ? met.name : null;
  }
  async function load(address) {
    const answer = await fetch(address);
    if (!answer.ok) throw new Error("The rules of the guard could not be read.");
    const guard = compile(await answer.json());
    return (text) => find(text, guard);
  }
  globalThis.identifiers = { load };

  // --- One field: told while writing and before sending. ---
  function watch(field) {
    const form = field.form;
    const line = document.getElementById(field.dataset.problem);
    const left = document.getElementById(field.dataset.left);
    const sentences = JSON.parse(field.dataset.sentences);
    let check = null, loading = null, waiting = 0;

    const begin = () => {
      loading ??= load(field.dataset.rules).then((found) => { check = found; }, () => { loading = null; });
      return loading;
    };
    const say = () => {
      const met = check && field.value ? check(field.value) : null;
      line.textContent = met ? sentences[met] : "";
      line.hidden = !met;
      field.toggleAttribute("aria-invalid", false);
      if (met) field.setAttribute("aria-invalid", "true");
      return met;
    };
    const count = () => { left.textContent = left.dataset.text.replace("{n}", field.maxLength - field.value.length); };

    field.addEventListener("focus", begin, { once: true });
    field.addEventListener("input", () => {
      count();
      clearTimeout(waiting);
      waiting = setTimeout(() => begin().then(say), 250);
    });
    // In the capture phase: a refused note must not reach whatever else sends this form.
    form.addEventListener("submit", (event) => {
      if (!field.value) return;
      if (!check) {
        hold(event);
        const again = event.submitter;
        begin().then(() => {
          // Where the rules cannot be had, the server decides alone.
          check ??= () => null;
          form.requestSubmit(again);
        });
      } else if (say()) {
        hold(event);
        field.focus();
      }
    }, true);
    count();
  }
  function hold(event) {
    event.preventDefault();
    event.stopImmediatePropagation();
  }
  document.querySelectorAll("[data-guard]").forEach(watch);
})();
