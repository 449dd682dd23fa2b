// The visitor card of a consultation: its code is checked at once, as people/rules/codes.py does; what it held last is offered.
"use strict";
(() => {
  const ventanilla = self.ventanilla = self.ventanilla || {};
  ventanilla.card = ({ form, all, groups, input, count, addGroup, redraw, post, toast }) => {
    const said = form.dataset;
    const card = document.getElementById("card");
    const cardBox = card.closest(".card-box");
    const offer = document.getElementById("card-offer");
    const use = cardBox.querySelector("[data-use]");
    const signs = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let held = null, asked = "";
    const plain = () => card.value.toUpperCase().replace(/[\s\-_\u2010-\u2015\u2212]/g, "").replace(/O/g, "0").replace(/[IL]/g, "1");
    function isCode(code) {
      if (code.length !== 15 || [...code].some((sign) => !signs.includes(sign))) return false;
      return [...code.slice(0, 14)].reduce((sum, sign) => (sum * 32 + signs.indexOf(sign)) % 37, 0) === signs.indexOf(code[14]);
    }
    function tellCard(problem) {
      const line = document.getElementById("p-card");
      line.textContent = problem;
      line.hidden = !problem;
      cardBox.classList.toggle("wrong", !!problem);
      card.setAttribute("aria-invalid", !!problem);
    }
    function tellBefore(answer) {
      all("button.save").forEach((b) => { if (b.value === answer) b.dataset.told = said.told; else delete b.dataset.told; });
    }
    function offerLast(found, quiet) {
      held = found && found.groups.length ? found.groups : null;
      const n = held ? held.flatMap((g) => g.persons).reduce((sum, some) => sum + some.n, 0) : 0;
      const words = offer.dataset;
      offer.textContent = !found ? "" : n === 0 ? words.new : n === 1 ? words.one : words.many.replace("{n}", n);
      use.hidden = !held || quiet;
      cardBox.classList.toggle("known", !!found);
      cardBox.classList.toggle("offers", !!held && !quiet);
      tellBefore(found && found.before);
    }
    // `finished`: the box was left, so that too few signs are wrong as well.
    async function checkCard(finished) {
      const code = plain(), right = isCode(code);
      if (right) card.value = code.match(/.{5}/g).join("-");
      if (right && code === asked) return;
      asked = code;
      offerLast(null);
      tellCard(code && !right && (code.length > 14 || finished) ? card.dataset.wrong : "");
      if (!right) return;
      cardBox.classList.add("known");
      if (!card.dataset.look) return;
      const quiet = all(".cell").some((c) => count(c));
      try {
        const answer = await post(card.dataset.look, { card: code, desk: form.elements.desk.value, held_on: form.elements.held_on.value || null });
        const told = await answer.json();
        if (asked !== code) return;
        if (answer.ok) { offerLast(told, quiet && finished === false); goOn(); }
        else if (told.problems) { cardBox.classList.remove("known"); tellCard((told.problems.find((p) => p.field === "card") || { message: "" }).message); }
      } catch (error) { asked = ""; }
    }
    // The box is done: on to the offer, or to the counters that its panel would cover.
    function goOn() {
      if (document.activeElement !== card) return;
      if (held) { use.focus({ preventScroll: true }); return; }
      toast(offer.textContent, null);
      form.querySelector(".known .plus").focus({ preventScroll: true });
    }
    function useLast() {
      while (groups().length < held.length) addGroup();
      all(".cell").forEach((cell) => { input(cell).value = ""; });
      held.forEach((met, n) => {
        const group = groups()[n];
        const radios = all(".from input[type=radio]", group);
        radios.forEach((r) => { r.checked = r.value === met.nationality; });
        group.querySelector(".other select").value = radios.some((r) => r.checked) ? "" : met.nationality;
        form.elements[`groups-${n}-situation`].value = met.situation;
        met.persons.forEach((some) => { group.querySelector(`[name="groups-${n}-${some.sex}-${some.age_band}"]`).value = some.n; });
      });
      use.hidden = true;
      cardBox.classList.remove("offers");
      redraw();
      form.querySelector(".known .plus").focus({ preventScroll: true });
    }
    card.addEventListener("input", () => checkCard());
    card.addEventListener("change", () => checkCard(true));
    card.addEventListener("keydown", (event) => { if (event.key === "Enter" && !event.ctrlKey && !event.metaKey) { event.preventDefault(); checkCard(true); } });
    form.elements.held_on.addEventListener("change", () => { asked = ""; checkCard(true); });
    use.addEventListener("click", useLast);
    const scanning = document.getElementById("scan");
    if ("BarcodeDetector" in window && navigator.mediaDevices && navigator.mediaDevices.getUserMedia) {
      const button = cardBox.querySelector("[data-scan]");
      button.hidden = false;
      button.addEventListener("click", scan);
    }
    async function scan() {
      const video = scanning.querySelector("video");
      const problem = scanning.querySelector(".problem");
      problem.hidden = true;
      scanning.showModal();
      try {
        video.srcObject = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
        await video.play();
        const reader = new BarcodeDetector({ formats: ["qr_code"] });
        while (scanning.open) {
          const seen = await reader.detect(video);
          if (seen.length) { card.value = seen[0].rawValue.slice(0, 40); scanning.close(); checkCard(true); card.focus(); }
          else await new Promise((next) => { setTimeout(next, 150); });
        }
      } catch (error) { problem.hidden = false; }
      if (video.srcObject) video.srcObject.getTracks().forEach((track) => track.stop());
    }
    scanning.addEventListener("close", () => {
      const video = scanning.querySelector("video");
      if (video.srcObject) video.srcObject.getTracks().forEach((track) => track.stop());
    });

    return {
      box: cardBox, input: card, check: checkCard,
      isWrong: () => !!plain() && !isCode(plain()),
    };
  };
})();
