// @ts-check
// Finds in a text what would identify a person, by the same data file and in the same order as app/privacy/identifiers.py
// on the server.

/**
 * @typedef {object} Data the file identifiers.json
 * @property {Record<string, string>} parts
 * @property {Record<string, string[]>} lists
 * @property {Record<string, string[]>} words
 * @property {{ like: string, clock: string, between: { note: string } }} numbers
 * @property {string} places
 * @property {{ signs: Record<string, string>, drop: string, marks: string, blank: string, zeros: string[], ones: string[] }} normal
 * @property {Record<string, { words: string[], between: string }>} numerals
 * @property {{ name: string, in: string, texts: string[], when?: string, start?: string, patterns: string[] }[]} rules
 *
 * @typedef {ReturnType<typeof compile>} Guard
 */

/** @param {string[]} lines */
const wordsOf = (lines) => lines.join(" ").split(" ");

// --- The rules: what is read from the data file, once. ---
/** @param {Data} data */
export function compile(data) {
  const part = (/** @type {string} */ name) => data.parts[name] ?? wordsOf(data.lists[name]).join("|");
  const pattern = (/** @type {string} */ source, flags = "u") =>
    new RegExp(
      source.replace(/%([a-z]+)%/g, (_, name) => part(name)),
      flags,
    );
  const like = `[${data.numbers.like}]`;
  /** @type {Map<string, string>} */
  const kinds = new Map();
  for (const [kind, lines] of Object.entries(data.words)) for (const word of wordsOf(lines)) kinds.set(word, kind);
  const rules = data.rules
    .filter((rule) => rule.texts.includes("note"))
    .flatMap((rule) => {
      const sources = "start" in rule ? [`${rule.start}(?:${rule.patterns.join("|")})`] : rule.patterns;
      const when = rule.when && pattern(rule.when);
      return sources.map((source) => ({ name: rule.name, view: rule.in, when, pattern: pattern(source) }));
    });
  return {
    rules,
    kinds,
    marks: data.parts,
    characters: new Map(Object.entries(data.normal.signs)),
    digits: digitsOf(data.normal),
    languages: Object.values(data.numerals).map((language) => ({ numerals: new Set(wordsOf(language.words)), between: language.between })),
    drop: pattern(data.normal.drop, "gu"),
    accents: pattern(data.normal.marks, "gu"),
    space: pattern(`${data.normal.blank}+`, "gu"),
    clock: pattern(data.numbers.clock, "gu"),
    places: pattern(data.places, "gu"),
    between: pattern(`(?<=${like})${data.numbers.between.note}(?=${like})`, "gu"),
  };
}
/** @param {Data["normal"]} normal */
function digitsOf(normal) {
  /** @type {Map<string, string>} */
  const found = new Map();
  const add = (/** @type {string[]} */ starts, /** @type {number} */ first) => {
    for (const start of wordsOf(starts)) {
      for (let step = 0; step < 10 - first; step += 1) found.set(String.fromCodePoint(parseInt(start, 16) + step), String(first + step));
    }
  };
  add(normal.zeros, 0);
  add(normal.ones, 1);
  return found;
}

// --- One text: its views, and the first rule that matches. ---
/**
 * @param {string} text
 * @param {Map<string, string>} table
 */
const translate = (text, table) => Array.from(text, (character) => table.get(character) ?? character).join("");
/**
 * @param {string} word
 * @param {Guard} guard
 */
function markWord(word, guard) {
  const lower = word.toLowerCase();
  const kind = guard.kinds.get(lower);
  if (!kind || (word === lower && (kind === "titled" || kind === "known"))) return word;
  return guard.marks[kind === "titled" ? "names" : kind] + lower;
}
/**
 * The words of a text as one character each, a line per language: n a numeral, j what joins two, d digits, x another.
 * @param {string} lower
 * @param {Guard} guard
 */
function numeralView(lower, guard) {
  const words = lower.match(/[a-z]+|[0-9]+/g) ?? [];
  const characterOf = (/** @type {string} */ word, /** @type {Guard["languages"][number]} */ language) => {
    if (language.numerals.has(word)) return "n";
    if (word === language.between) return "j";
    return /^[0-9]{1,2}$/.test(word) ? "d" : "x";
  };
  return guard.languages.map((language) => words.map((word) => characterOf(word, language)).join("")).join("\n");
}
/**
 * The name of the first rule that a text matches; null if it identifies nobody.
 * @param {string} text
 * @param {Guard} guard
 */
export function find(text, guard) {
  const raw = translate(text.replace(guard.drop, ""), guard.digits);
  const bare = translate(raw.normalize("NFKD").replace(guard.accents, ""), guard.characters);
  const plain = bare.replace(guard.space, " ").replace(/^ | $/g, "");
  const lower = plain.toLowerCase();
  /** @type {Record<string, string>} */
  const views = {
    raw,
    text: plain,
    lower,
    numerals: numeralView(lower, guard),
    digits: plain.replace(guard.clock, "x").replace(guard.between, ""),
    names: plain.replace(/[A-Za-z]+/g, (word) => markWord(word, guard)).replace(guard.places, ","),
  };
  const match = guard.rules.find((rule) => (!rule.when || rule.when.test(views.digits)) && rule.pattern.test(views[rule.view]));
  return match ? match.name : null;
}
/**
 * The check by the rules at an address.
 * @param {string} address
 * @returns {Promise<(text: string) => string | null>}
 */
export async function loadRules(address) {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error("The rules of the guard could not be read.");
  const guard = compile(await answer.json());
  return (text) => find(text, guard);
}
