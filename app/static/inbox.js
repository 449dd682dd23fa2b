// The open inbox keeps itself right: asks every few seconds, shows what changed, rings; without it the page is plain forms.
"use strict";
(() => {
  const EVERY = 4000, SLOW = 20000;
  const root = document.documentElement;
  const inbox = () => document.getElementById("inbox");
  const said = document.getElementById("said"), toast = document.getElementById("toast");
  const units = document.getElementById("units").dataset;
  if (!inbox()) return;
  root.classList.add("inbox-live");

  // Times: how long ago, how long there is left.
  const spanWords = (seconds) => {
    const s = seconds < 0 ? -seconds : Math.ceil(seconds / 60) * 60;
    const [n, unit] = s < 3600 ? [s / 60, "min"] : s < 172800 ? [s / 3600, "h"] : [s / 86400, "d"];
    return [Math.floor(n), units[unit].replace("#", Math.floor(n))];
  };
  const keepSpans = () => document.querySelectorAll("time.span").forEach((one) => {
    const [n, words] = spanWords((new Date(one.dateTime) - Date.now()) / 1000);
    const text = !n && one.dataset.now ? one.dataset.now : one.dataset.pattern.replace("#", words);
    if (one.textContent !== text) one.textContent = text;
  });
  const clockTime = () => new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  const tellLive = (right) => {
    const live = document.getElementById("live");
    const text = (right ? live.dataset.right : live.dataset.wrong).replace("#", clockTime());
    if (right || !live.classList.contains("wrong")) live.textContent = text;
    live.classList.toggle("wrong", !right);
  };

  // Words for the eye and the ear.
  let toastTimer;
  const show = (text) => {
    toast.textContent = text;
    toast.hidden = !text;
    said.textContent = text;
    clearTimeout(toastTimer);
    toastTimer = setTimeout(() => { toast.hidden = true; }, 5000);
  };
  const sound = document.getElementById("sound");
  let audio = null;
  const isLoud = () => { try { return localStorage.getItem("inbox-sound") !== "off"; } catch { return true; } };
  const tellSound = () => {
    sound.setAttribute("aria-pressed", String(isLoud()));
    sound.textContent = isLoud() ? sound.dataset.on : sound.dataset.off;
  };
  sound.addEventListener("click", () => {
    try { localStorage.setItem("inbox-sound", isLoud() ? "off" : "on"); } catch { /* a device that keeps nothing */ }
    tellSound();
    ring();
  });
  const wake = () => {
    audio ||= window.AudioContext ? new AudioContext() : null;
    audio?.resume();
  };
  ["pointerdown", "keydown"].forEach((kind) => addEventListener(kind, wake, { once: true }));
  const ring = () => {
    if (!audio || !isLoud()) return;
    [660, 880].forEach((tone, place) => {
      const one = audio.createOscillator(), volume = audio.createGain(), start = audio.currentTime + place * 0.18;
      one.frequency.value = tone;
      volume.gain.setValueAtTime(0.2, start);
      volume.gain.exponentialRampToValueAtTime(0.001, start + 0.17);
      one.connect(volume).connect(audio.destination);
      one.start(start);
      one.stop(start + 0.18);
    });
  };

  // A new state of the page takes the place of the old one; what is being typed and what is open stays.
  const keyOf = (element) => {
    const keys = [];
    for (let at = element.closest("[data-key]"); at; at = at.parentElement.closest("[data-key]")) keys.push(at.dataset.key);
    return keys.join("|");
  };
  const fields = (where) => [...where.querySelectorAll("input:not([type=hidden]), select, details, button, summary, a")];
  const nameOf = (one) => [keyOf(one), one.tagName, one.closest("form")?.dataset.act, one.name, one.value && /^(checkbox|submit)$/.test(one.type) ? one.value : ""].join("/");
  const kept = () => {
    const typed = new Map();
    fields(inbox()).forEach((one) => {
      if (one.tagName === "DETAILS") { if (one.open) typed.set(nameOf(one), (other) => { other.open = true; }); }
      else if (one.type === "checkbox") { if (one.checked) typed.set(nameOf(one), (other) => { other.checked = true; }); }
      else if (one.tagName === "SELECT") { if (one.selectedIndex > 0) typed.set(nameOf(one), (other) => { other.value = one.value; }); }
      else if (one.tagName === "INPUT" && one.value !== one.defaultValue) typed.set(nameOf(one), (other) => { other.value = one.value; });
    });
    const focused = inbox().contains(document.activeElement) ? nameOf(document.activeElement) : "";
    return { typed, focused };
  };
  const waitingIn = (where) => where.dataset.waiting.split(" ").filter(Boolean);
  const replace = (page) => {
    const next = page.getElementById("inbox");
    if (!next) { location.reload(); return; }
    const before = new Set(waitingIn(inbox())), { typed, focused } = kept();
    inbox().replaceWith(document.importNode(next, true));
    document.title = page.title;
    fields(inbox()).forEach((one) => {
      typed.get(nameOf(one))?.(one);
      if (focused && nameOf(one) === focused) one.focus({ preventScroll: true });
    });
    settle();
    if (waitingIn(inbox()).some((one) => !before.has(one))) {
      said.textContent = said.dataset.new;
      ring();
    }
  };
  const refresh = async () => {
    const answer = await fetch(inbox().dataset.page, { headers: { Accept: "text/html" } });
    if (!answer.ok || answer.redirected) { location.reload(); return; }
    replace(ventanilla.trusted.page(await answer.text()));
  };

  // Asking: nothing new costs one short answer.
  let timer, asking = null;
  const ask = async () => {
    clearTimeout(timer);
    let wait = document.hidden ? SLOW : EVERY;
    try {
      const answer = await fetch("/referrals/inbox", { headers: { Accept: "application/json", "If-None-Match": `"${inbox().dataset.etag}"` } });
      if (answer.status === 401) { location.reload(); return; }
      if (answer.ok) await refresh();
      if (!answer.ok && answer.status !== 304) throw new Error(String(answer.status));
      tellLive(true);
    } catch {
      wait = SLOW;
      tellLive(false);
    }
    timer = setTimeout(poll, wait);
  };
  const poll = () => (asking ||= ask().finally(() => { asking = null; }));
  const askNow = () => { if (!document.hidden) poll(); };
  document.addEventListener("visibilitychange", askNow);
  addEventListener("online", askNow);

  // Sending: every form of the page, without leaving it.
  const problemIn = async (answer) => {
    const told = await answer.json().catch(() => ({}));
    return told.message || told.problem || told.problems?.[0]?.message || said.dataset.offline;
  };
  const send = async (form, button) => {
    await marking;
    const body = new FormData(form, button);
    if (form.isConnected) form.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(form.action, { method: "POST", body, headers: { Accept: "application/json" } });
      if (answer.status === 401) { location.reload(); return; }
      const problem = answer.ok ? "" : await problemIn(answer);
      form.reset();
      form.closest("details")?.removeAttribute("open");
      await refresh();
      show(problem || said.dataset.done);
    } catch {
      show(said.dataset.offline);
    } finally {
      form.removeAttribute("aria-busy");
    }
  };
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || !inbox().contains(form)) return;
    event.preventDefault();
    if (form.getAttribute("aria-busy") !== "true") send(form, event.submitter);
  });

  // Whoever opens the page has seen what waits there.
  const marked = new Set();
  let marking = Promise.resolve();
  const markSeen = async () => {
    const unseen = [...inbox().querySelectorAll("[data-seen]")].filter((one) => !marked.has(one.dataset.key));
    for (const card of unseen) {
      marked.add(card.dataset.key);
      const body = new URLSearchParams({ shelter: card.dataset.shelter, csrf_token: card.querySelector("[name=csrf_token]").value });
      const answer = await fetch(card.dataset.seen, { method: "POST", body, headers: { Accept: "application/json" } }).catch(() => null);
      const now = answer?.ok ? await answer.json() : null;
      if (now) card.querySelectorAll("[name=version]").forEach((one) => { one.value = now.version; });
    }
  };
  const settle = () => {
    tellLive(true);
    keepSpans();
    inbox().querySelectorAll(".undo-toast").forEach((one) => setTimeout(() => { one.hidden = true; }, Number(one.dataset.seconds) * 1000));
    if (!document.hidden) marking = marking.then(markSeen);
  };

  document.addEventListener("toggle", (event) => {
    const card = event.target.open ? event.target.closest(".referral, .beds-row") : null;
    card?.querySelectorAll("details[open]").forEach((other) => { if (other !== event.target) other.open = false; });
  }, true);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) { keepSpans(); marking = marking.then(markSeen); } });
  setInterval(keepSpans, 15000);
  tellSound();
  settle();
  timer = setTimeout(poll, EVERY);
})();
