// The quick form of a consultation: tap to add, number pad, save without leaving the page, undo for ten seconds.
// Everything here is added to a plain form that works without it.
"use strict";
(() => {
  const form = document.getElementById("consultation");
  if (!form) return;
  const said = form.dataset;
  const fixing = said.correcting === "yes";
  const { alike } = self.ventanilla;
  const all = (selector, root = form) => [...root.querySelectorAll(selector)];
  const el = (tag, facts = {}) => Object.assign(document.createElement(tag), facts);
  let taps = 0, began = 0, sending = false, last = null, undoing = false;

  const uuid = () => {
    if (crypto.randomUUID) return crypto.randomUUID();
    const b = crypto.getRandomValues(new Uint8Array(16));
    b[6] = (b[6] & 15) | 64; b[8] = (b[8] & 63) | 128;
    const h = [...b].map((x) => x.toString(16).padStart(2, "0")).join("");
    return [h.slice(0, 8), h.slice(8, 12), h.slice(12, 16), h.slice(16, 20), h.slice(20)].join("-");
  };

  // --- Cells: the whole cell adds one; "−" takes one; a long press or a key opens the pad. ---
  const input = (cell) => cell.querySelector("input");
  const count = (cell) => Math.max(0, Math.min(99, parseInt(input(cell).value, 10) || 0));
  function put(cell, n) {
    input(cell).value = n > 0 ? Math.min(99, n) : "";
    show(cell);
    total();
  }
  function show(cell) {
    const n = count(cell);
    cell.classList.toggle("some", n > 0);
    const plus = cell.querySelector(".plus");
    plus.textContent = n;
    plus.setAttribute("aria-label", `${cell.dataset.label}: ${n}, ${said.add}`);
    const panel = cell.closest(".panel");
    if (panel) panel.parentElement.classList.toggle("holds", all(".cell.some", panel).length > 0);
  }
  function total() {
    const n = all(".cell").reduce((sum, cell) => sum + count(cell), 0);
    document.getElementById("total").textContent = n === 0 ? said.nobody : n === 1 ? said.one : said.many.replace("{n}", n);
  }
  let padding = null, armed = false;
  const pad = document.getElementById("pad");
  const padValue = document.getElementById("pad-value");
  function openPad(cell) {
    padding = cell;
    arm(false);
    document.getElementById("pad-title").textContent = cell.dataset.label;
    padValue.textContent = "0";
    pad.showModal();
  }
  function arm(on) {
    armed = on;
    form.classList.toggle("padding", on);
    all("[data-pad]").forEach((b) => b.setAttribute("aria-pressed", on));
  }
  pad.addEventListener("click", (event) => {
    const key = event.target.closest("button");
    if (!key) return;
    taps += 1;
    if ("done" in key.dataset) { put(padding, parseInt(padValue.textContent, 10)); pad.close(); return; }
    type(key.dataset.digit);
  });
  function type(digit) {
    const now = padValue.textContent;
    padValue.textContent = digit === "" ? now.slice(0, -1) || "0" : String(parseInt((now + digit).slice(-2), 10));
  }
  pad.addEventListener("keydown", (event) => {
    if (/^\d$/.test(event.key)) type(event.key);
    else if (event.key === "Backspace") type("");
    else if (event.key === "Enter") { event.preventDefault(); put(padding, parseInt(padValue.textContent, 10)); pad.close(); }
  });
  pad.addEventListener("close", () => padding && padding.querySelector(".plus").focus());

  function dress(cell) {
    if (cell.querySelector(".plus")) { show(cell); return; }
    const plus = el("button", { type: "button", className: "plus", tabIndex: -1 });
    const minus = el("button", { type: "button", className: "minus", tabIndex: -1, textContent: "−" });
    minus.setAttribute("aria-label", `${cell.dataset.label}: ${said.less}`);
    cell.append(plus, minus);
    let held = 0, opened = false;
    const hold = () => { opened = false; held = setTimeout(() => { opened = true; openPad(cell); }, 500); };
    const leave = () => clearTimeout(held);
    plus.addEventListener("pointerdown", hold);
    ["pointerup", "pointerleave", "pointercancel"].forEach((name) => plus.addEventListener(name, leave));
    plus.addEventListener("contextmenu", (event) => event.preventDefault());
    plus.addEventListener("click", () => {
      if (opened) { opened = false; return; }
      if (armed) openPad(cell); else put(cell, count(cell) + 1);
    });
    minus.addEventListener("click", () => { put(cell, count(cell) - 1); plus.focus(); });
    plus.addEventListener("keydown", (event) => keys(event, cell));
    show(cell);
  }
  function keys(event, cell) {
    if (/^\d$/.test(event.key) && !event.ctrlKey && !event.metaKey) {
      put(cell, parseInt(String(count(cell) % 10) + event.key, 10) || parseInt(event.key, 10));
    } else if (event.key === "Backspace" || event.key === "-") put(cell, count(cell) - 1);
    else move(event, all(".cell", cell.parentElement).map((c) => c.querySelector(".plus")), true);
  }

  // --- One tab stop per group of choices; arrows move inside it, by where things stand on the screen. ---
  function move(event, items, stay) {
    const side = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] }[event.key];
    if (!side) return;
    const seen = items.filter((item) => item.offsetParent);
    const from = event.target.getBoundingClientRect();
    const better = seen.map((item) => {
      const r = item.getBoundingClientRect();
      const dx = r.left - from.left, dy = r.top - from.top;
      const ahead = dx * side[0] + dy * side[1], off = Math.abs(dx * side[1]) + Math.abs(dy * side[0]);
      return { item, ahead, cost: ahead + 3 * off };
    }).filter((x) => x.ahead > 4).sort((a, b) => a.cost - b.cost)[0];
    event.preventDefault();
    if (!better) return;
    if (stay) { event.target.tabIndex = -1; better.item.tabIndex = 0; }
    better.item.focus();
  }
  function rove(root) {
    const items = all(":scope > .chip input", root);
    items.forEach((item, place) => {
      item.tabIndex = place === 0 ? 0 : -1;
      item.addEventListener("keydown", (event) => move(event, items, true));
    });
  }

  // --- Groups: one nationality at a time on the screen. ---
  const groups = () => all(":scope > .group");
  const situations = () => all(".situation");
  function activate(n) {
    groups().forEach((g, place) => g.classList.toggle("away", place !== n));
    situations().forEach((s, place) => s.classList.toggle("away", place !== n));
    all(".group-tabs button").forEach((b, place) => b.setAttribute("aria-current", place === n));
  }
  function tabs() {
    const many = groups().length;
    let line = form.querySelector(".group-tabs");
    if (many < 2) { if (line) line.remove(); return; }
    if (!line) { line = el("div", { className: "group-tabs" }); form.insertBefore(line, groups()[0]); }
    line.replaceChildren(...groups().map((g, place) => {
      const b = el("button", { type: "button", className: "button-quiet", textContent: said.group.replace("{letter}", "ABCDEFGH"[place]) });
      b.addEventListener("click", () => activate(place));
      return b;
    }));
  }
  function renumber(node, n) {
    node.dataset.group = n;
    all("[name^=groups-]", node).forEach((i) => { i.name = i.name.replace(/^groups-\d/, `groups-${n}`); });
    all("[id]", node).forEach((i) => { i.id = i.id.replace(/\d(?=$|-)/, n); });
    all("[aria-labelledby]", node).forEach((i) => i.setAttribute("aria-labelledby", i.getAttribute("aria-labelledby").replace(/\d$/, n)));
    all("label[for]", node).forEach((i) => { i.htmlFor = i.htmlFor.replace(/\d(?=$|-)/, n); });
  }
  function addGroup() {
    const n = groups().length;
    if (n > 7) return;
    const made = groups()[0].cloneNode(true);
    renumber(made, n);
    all(".plus, .minus, .card-box", made).forEach((b) => b.remove());
    all("input[type=number]", made).forEach((i) => { i.value = ""; });
    all("input[type=radio]", made).forEach((i) => { i.checked = false; });
    groups()[n - 1].after(made);
    const where = situations()[0].cloneNode(true);
    renumber(where, n);
    situations()[n - 1].after(where);
    dressGroup(made);
    tabs();
    activate(n);
    made.querySelector(".plus").focus();
  }
  function dressGroup(group) {
    all(".cell", group).forEach(dress);
    const first = group.querySelector(".known .plus");
    if (first) first.tabIndex = 0;
    all("[data-more]", group).forEach((b) => b.addEventListener("click", (event) => { event.preventDefault(); addGroup(); }));
    all("[data-pad]", group).forEach((b) => b.addEventListener("click", () => arm(!armed)));
    const select = group.querySelector(".other select");
    const radios = all(".from input[type=radio]", group);
    const mark = () => group.querySelector(".chip.other").classList.toggle("chosen", !!select.value);
    select.addEventListener("change", () => { if (select.value) radios.forEach((r) => { r.checked = false; }); mark(); });
    radios.forEach((r) => r.addEventListener("change", () => { select.value = ""; mark(); }));
    mark();
  }

  // --- Topics: the first one marked is the main one until another is chosen. ---
  const main = form.elements.main_topic;
  const options = [...main.options].slice(1);
  let order = all("input[name=topics]:checked").map((i) => i.value);
  const names = Object.fromEntries(options.map((o) => [o.value, o.textContent]));
  function mainTopics() {
    const chosen = order.includes(main.value) ? main.value : "";
    main.replaceChildren(main.options[0], ...order.map((code) => el("option", { value: code, textContent: names[code] })));
    main.value = chosen;
    main.disabled = order.length < 2;
    all(".chip-more").forEach((more) => more.classList.toggle("holds", all("input:checked", more).length > 0));
  }
  form.addEventListener("change", (event) => {
    if (event.target.name === "topics") {
      order = order.filter((code) => code !== event.target.value);
      if (event.target.checked) order.push(event.target.value);
      mainTopics();
    }
    const part = event.target.closest(".part");
    if (part) all(".problem:not(#p-card)", part).forEach((p) => { p.hidden = true; });
  });
  form.addEventListener("click", (event) => {
    if (!began) began = Date.now();
    if (event.isTrusted) taps += 1;
    if (event.target.closest("[data-close]")) event.target.closest("details").open = false;
  });
  document.addEventListener("click", (event) => {
    all("details.more[open]").forEach((d) => { if (!d.contains(event.target)) d.open = false; });
    if (!card.box.contains(event.target)) card.box.classList.remove("offers");
  });
  form.addEventListener("keydown", (event) => {
    if (event.key === "Escape") all("details.more[open]").forEach((d) => { d.open = false; });
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); save(form.querySelector("button.save")); }
  });

  // --- What is sent: the same JSON that any other client sends. ---
  function answers(repeat) {
    const value = (name) => form.elements[name].value;
    const checked = (name) => all(`input[name=${name}]:checked`).map((i) => i.value);
    const people = groups().map((g, n) => {
      const radio = g.querySelector(".from input[type=radio]:checked");
      const before = g.querySelector(".before input:checked");
      const persons = all(".cell", g).filter((c) => count(c)).map((c) => {
        const [, sex, band] = input(c).name.match(/^groups-\d-(female|male|other|not_stated)-(.+)$/);
        return { sex, age_band: band, n: count(c) };
      });
      const said = { nationality: (radio || g.querySelector(".other select")).value, situation: value(`groups-${n}-situation`), persons };
      const answer = before ? before.value : repeat;
      return answer ? { ...said, repeat_contact: answer } : said;
    });
    const kept = people.filter((g, n) => n === 0 || g.nationality || g.persons.length);
    const sent = {
      id: value("id"), desk: value("desk"), held_on: value("held_on"), channel: value("channel"), modality: value("modality"),
      travel_group: value("travel_group"), language: value("language"), card: card.input.value.trim() || null, groups: kept, topics: order, outcomes: checked("outcomes"), flags: checked("flags"),
    };
    const chosen = main.value || order[0];
    if (chosen) sent.main_topic = chosen;
    if (!fixing) Object.assign(sent, { taps: Math.min(taps, 10000), milliseconds: Math.min(began ? Date.now() - began : 0, 86400000) });
    return sent;
  }
  async function post(url, body, again = true) {
    const answer = await fetch(url, {
      method: "POST", redirect: "error", credentials: "same-origin", body: JSON.stringify(body),
      headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": form.elements.csrf_token.value },
    });
    if (answer.status !== 400 || !again) return answer;
    const token = await (await fetch("/sync/token", { headers: { Accept: "application/json" } })).json();
    document.querySelectorAll("input[name=csrf_token]").forEach((i) => { i.value = token.csrf_token; });
    return post(url, body, false);
  }
  // Where a record goes: to the server, or on an enrolled tablet to the tablet itself (tablet/record.js).
  const server = {
    async keep(sent) {
      const answer = await post(form.action, sent);
      if (answer.status === 401) return { left: true };
      const told = await answer.json();
      if ((answer.status === 201 || answer.status === 200) && told.id === sent.id) return { kept: true };
      return answer.status === 422 ? { problems: told.problems } : { problem: told.problem };
    },
    async undo(id) { return (await post(`/consultations/${id}/void`, { reason: "undo" })).ok; },
  };
  let keeper = server;
  async function save(button) {
    if (sending || fixing) return;
    sending = true;
    all("button.save").forEach((b) => { b.disabled = true; });
    try {
      await opened;
      const sent = answers(button.value);
      const answer = await alike.ask(sent);
      if (answer === "drop") drop();
      if (answer !== "save") return;
      const told = await keeper.keep(sent);
      if (told.left) leave(button.value);
      else if (told.kept) done(sent);
      else if (told.problems) complain(told.problems);
      else toast(told.problem || said.offline, null);
    } catch (error) {
      toast(said.offline, null);
    } finally {
      sending = false;
      all("button.save").forEach((b) => { b.disabled = false; });
    }
  }
  // The session has ended: the plain form carries the answers through the sign-in page.
  function leave(repeat) {
    if (repeat) form.append(el("input", { type: "hidden", name: "groups-0-repeat_contact", value: repeat }));
    form.submit();
  }
  form.addEventListener("submit", (event) => {
    const button = event.submitter;
    if (fixing || !button || !button.classList.contains("save")) return;
    event.preventDefault();
    save(button);
  });

  // --- What came back. ---
  function complain(problems) {
    all(".problem").forEach((p) => { p.hidden = true; });
    const places = { persons: "who", nationality: "from", repeat_contact: "before" };
    const shown = [];
    problems.forEach((problem) => {
      const parts = problem.field.split(".");
      const n = parts[0] === "groups" ? parts[1] || "0" : "";
      const id = parts[0] === "groups" ? `p-${places[parts[2]] || "who"}-${n}` : `p-${parts[0]}`;
      const line = document.getElementById(id);
      if (!line) { toast(problem.message, null); return; }
      line.textContent = problem.message;
      line.hidden = false;
      shown.push(problem.field === "card" ? "0" : n);
    });
    card.box.classList.toggle("wrong", !document.getElementById("p-card").hidden);
    if (!shown.length) return;
    const groupsWrong = shown.filter((n) => n !== "").map(Number);
    if (groupsWrong.length) activate(Math.min(...groupsWrong));
    const part = all(".problem:not([hidden])").map((line) => line.closest(".part")).find((p) => p && p.offsetParent);
    if (!part) return;
    const wrongCard = !document.getElementById("p-card").hidden && card.input.offsetParent ? [card.input] : [];
    const target = [...wrongCard, ...all(".plus[tabindex='0'], .chip input, select, input:not(#card)", part)].find((e) => e.offsetParent);
    if (target) target.focus({ preventScroll: true });
    part.scrollIntoView({ block: "nearest" });
  }
  function done(sent) {
    last = { ...sent, card: null };
    alike.note(sent);
    const before = snapshot();
    clear();
    toast(said.saved, async () => {
      if (await keeper.undo(sent.id)) { alike.forget(sent.id); restore(before); toast(said.undone, null); }
    }, onward(sent));
  }
  function drop() {
    const before = snapshot();
    clear();
    toast(said.dropped, async () => { restore(before); });
  }
  const snapshot = () => ({ nodes: all("input, select").filter((i) => i.name && i.type !== "hidden").map((i) => [i, i.checked, i.value]), order: order.slice(), groups: groups().slice(1), situations: situations().slice(1) });
  function restore(before) {
    groups()[0].after(...before.groups);
    situations()[0].after(...before.situations);
    before.nodes.forEach(([i, checked, value]) => { i.checked = checked; if (i.type !== "checkbox" && i.type !== "radio") i.value = value; });
    order = before.order;
    redraw();
    card.check(false);
  }
  function clear() {
    groups().slice(1).forEach((g) => g.remove());
    situations().slice(1).forEach((s) => s.remove());
    card.input.value = "";
    card.check(false);
    all("input[type=number]").forEach((i) => { i.value = ""; });
    all("input[type=radio], input[name=topics], input[name=flags]").forEach((i) => { i.checked = false; });
    all("input[name=outcomes]").forEach((i) => { i.checked = i.value === "information_given"; });
    all(".other select").forEach((s) => { s.value = ""; });
    form.elements["groups-0-situation"].value = "unknown";
    form.elements.travel_group.value = "not_stated";
    form.elements.language.selectedIndex = 0;
    if (keeper.setDay) keeper.setDay();
    form.elements.held_on.value = form.elements.held_on.max;
    form.elements.id.value = uuid();
    order = [];
    taps = 0; began = 0;
    all(".problem").forEach((p) => { p.hidden = true; });
    redraw();
  }
  function redraw() {
    tabs();
    activate(0);
    all(".cell").forEach(show);
    all(".from").forEach((f) => f.querySelector(".chip.other").classList.toggle("chosen", !!f.querySelector("select").value));
    mainTopics();
    total();
  }
  let fading = 0;
  function onward(sent) {
    const asks = sent.topics.includes("voluntary_return") || sent.outcomes.includes("return_request_opened");
    return [
      [said.refer && `${said.refer}&consultation=${sent.id}`, said.agrees],
      [asks && said.return && `${said.return}?consultation=${sent.id}`, said.asks],
    ].filter(([href]) => href);
  }
  function toast(text, undo, links = []) {
    const box = document.getElementById("toast");
    clearTimeout(fading);
    box.replaceChildren(el("span", { textContent: text }));
    links.forEach(([href, textContent]) => box.append(el("a", { href, textContent })));
    if (undo) {
      const b = el("button", { type: "button", textContent: said.undo });
      b.addEventListener("click", () => { box.hidden = true; undoing = false; undo().catch(() => toast(said.offline, null)); });
      box.append(b);
    }
    box.hidden = false;
    undoing = !!undo;
    fading = setTimeout(() => { box.hidden = true; undoing = false; }, 10000);
  }

  // --- Same as the last one: its nationality and topics, never its people. ---
  const like = document.getElementById("like-last");
  if (like) like.addEventListener("click", (event) => {
    if (!last && keeper.isShell) { event.preventDefault(); toast(said.nolast, null); }
    if (!last) return;
    event.preventDefault();
    const group = groups()[0];
    const code = last.groups[0].nationality;
    const radio = all(".from input[type=radio]", group).find((r) => r.value === code);
    if (radio) radio.checked = true; else group.querySelector(".other select").value = code;
    order = last.topics.slice();
    all("input[name=topics]").forEach((i) => { i.checked = order.includes(i.value); });
    redraw();
    main.value = order.length > 1 ? last.main_topic || "" : "";
  });
  const tally = document.getElementById("tally");
  if (tally) tally.addEventListener("submit", async (event) => {
    event.preventDefault();
    const id = tally.elements.id.value;
    try {
      await opened;
      const told = await keeper.keep({ id, desk: tally.elements.desk.value, held_on: tally.elements.held_on.value, outcomes: [tally.elements.outcomes.value] });
      if (told.left) { tally.submit(); return; }
      if (!told.kept) { toast((told.problems ? told.problems[0].message : told.problem) || said.offline, null); return; }
      tally.elements.id.value = uuid();
      toast(said.tally, async () => {
        if (await keeper.undo(id)) toast(said.undone, null);
      });
    } catch (error) { toast(said.offline, null); }
  });

  // --- The answers so far, for the page in another language; they are held in memory only. ---
  function state() {
    const fields = [...new FormData(form)].filter(([name]) => name !== "csrf_token" && name !== "desk");
    return { fields, groups: groups().length, order, main: main.value, taps, spent: began ? Date.now() - began : 0, last };
  }
  function fill(kept) {
    while (groups().length < kept.groups) addGroup();
    const given = new Map();
    kept.fields.forEach(([name, value]) => given.set(name, [...(given.get(name) || []), value]));
    all("input, select").filter((i) => i.name && i.name !== "csrf_token" && i.name !== "desk").forEach((i) => {
      const values = given.get(i.name) || [];
      if (i.type === "checkbox" || i.type === "radio") i.checked = values.includes(i.value);
      else if (values.length) i.value = values[values.length - 1];
    });
    ({ order, taps, last } = kept);
    began = kept.spent ? Date.now() - kept.spent : 0;
    redraw();
    main.value = kept.main;
    card.check(true);
  }
  const isDirty = () => undoing || sending || !!card.input.value || all(".cell").some((c) => count(c))
    || all("input[name=topics]:checked, input[name=flags]:checked, .from input:checked").length > 0 || all(".from select").some((i) => i.value);

  const card = self.ventanilla.card({ form, all, groups, input, count, addGroup, redraw, post, toast });
  groups().forEach(dressGroup);
  all("[data-rove]").forEach(rove);
  redraw();
  if (card.input.value) card.check(true);
  if (!fixing) form.querySelector(".known .plus").focus({ preventScroll: true });
  const opened = Promise.resolve(!fixing && self.ventanilla.ready).then(async (enrolled) => {
    if (enrolled) keeper = (await self.ventanilla.record({ form, tally, card, uuid, state, fill, isDirty })) || server;
  }).catch(() => {});
})();
