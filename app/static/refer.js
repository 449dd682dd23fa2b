// Referring: shelters follow the group as it is written, no tap is lost, and a sent referral shows its answer by itself.
"use strict";
(() => {
  const form = document.getElementById("refer");
  if (form) choosing(form);
  counting();
  const sent = document.querySelector("[data-version]");
  if (sent) following(sent);

  function choosing(form) {
    let asked = 0, waits = 0;
    const names = ["persons-", "flags", "desk"];
    form.addEventListener("change", (event) => {
      if (names.some((name) => event.target.name.startsWith(name))) later();
      if (event.target.name === "offers") atMost();
    });
    form.addEventListener("input", () => { document.getElementById("no-network").hidden = true; });
    form.addEventListener("input", (event) => { if (event.target.name.startsWith("persons-")) later(); });
    form.addEventListener("submit", (event) => {
      const button = event.submitter;
      if (!button || button.formAction !== form.action && button.hasAttribute("formaction")) return;
      const consent = form.elements.consent;
      if (consent.checked) { send(event, button); return; }
      event.preventDefault();
      document.getElementById("p-consent").hidden = false;
      consent.closest(".agrees").classList.add("wrong");
      consent.focus();
      consent.closest(".agrees").scrollIntoView({ block: "nearest" });
    });
    form.elements.consent.addEventListener("change", (event) => {
      if (!event.target.checked) return;
      document.getElementById("p-consent").hidden = true;
      event.target.closest(".agrees").classList.remove("wrong");
    });
    atMost();
    const away = document.getElementById("no-network");
    let kept = null, plain = false;
    if (self.ventanilla && ventanilla.ready) ventanilla.ready.then(async (enrolled) => {
      if (enrolled) await ventanilla.load(away.dataset.script);
    });

    // On an enrolled tablet a send that finds no network is offered as a notice; what the server refuses, its page says.
    async function send(event, button) {
      const notices = self.ventanilla && ventanilla.notices;
      if (plain || !notices) return;
      event.preventDefault();
      away.hidden = true;
      kept = new FormData(form, button);
      const sent = await notices.send(form.action, kept);
      if (sent.id) { location.assign(`${form.action}/${sent.id}`); return; }
      plain = !sent.isAway || !(await notices.isOfDesk(form.elements.desk.value));
      if (plain) form.requestSubmit(button);
      else { away.hidden = false; away.scrollIntoView({ block: "nearest" }); }
    }
    away.querySelector("[data-leave]").addEventListener("click", async (event) => {
      const button = event.currentTarget;
      button.disabled = true;
      try {
        await ventanilla.notices.leave(ventanilla.notices.contentOf(kept));
        away.hidden = true;
        form.hidden = true;
        document.getElementById("notice-left").hidden = false;
      } catch (error) {
        const problems = JSON.parse(away.dataset.problems);
        away.firstElementChild.textContent = problems[error.message] || problems.storage;
      }
      button.disabled = false;
    });

    function later() {
      clearTimeout(waits);
      waits = setTimeout(again, 250);
    }
    async function again() {
      const mine = ++asked;
      try {
        const answer = await fetch(form.dataset.again, { method: "POST", body: new URLSearchParams(new FormData(form)), headers: { Accept: "text/html" } });
        if (!answer.ok || mine !== asked) return;
        const page = ventanilla.trusted.page(await answer.text());
        for (const id of ["choosing", "party", "chosen"]) document.getElementById(id).replaceChildren(...page.getElementById(id).childNodes);
        atMost();
      } catch (error) {
        document.querySelector(".refresh").classList.add("shown");
      }
    }
    function atMost() {
      const several = form.querySelector("[data-most]");
      if (!several) return;
      const ticks = [...form.querySelectorAll("[name=offers]")];
      const chosen = ticks.filter((tick) => tick.checked).length;
      ticks.forEach((tick) => { tick.disabled = !tick.checked && chosen >= Number(several.dataset.most); });
    }
  }

  function counting() {
    const times = [...document.querySelectorAll("[data-until]")];
    const show = () => times.forEach((time) => {
      const seconds = Math.max(0, Math.floor((Date.parse(time.dataset.until) - Date.now()) / 1000));
      if (seconds >= 3600) return;
      time.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
    });
    if (times.length) { show(); setInterval(show, 1000); }
  }

  function following(sent) {
    const every = Number(sent.dataset.every) * 1000;
    let leaving = false;
    document.addEventListener("submit", () => { leaving = true; });
    setInterval(async () => {
      if (document.visibilityState !== "visible" || document.querySelector(".questions :checked")) return;
      try {
        const answer = await fetch(location.pathname, { headers: { Accept: "application/json" } });
        if (!answer.ok) return;
        const now = await answer.json();
        if (leaving) return;
        if (String(now.version) !== sent.dataset.version || now.state !== sent.dataset.state) location.reload();
      } catch (error) { /* the line is down: the next round asks again */ }
    }, every);
  }
})();
