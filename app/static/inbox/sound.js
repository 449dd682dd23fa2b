// @ts-check
// The sound of a new referral, and the button that turns it off on this device.
import { byId } from "../lib/dom.js";

const SETTING = "inbox-sound";
const TONES = [660, 880];
/** @type {AudioContext | null} */
let audio = null;

function isOn() {
  try {
    return localStorage.getItem(SETTING) !== "off";
  } catch {
    return true; // a device that stores nothing has the default
  }
}
/** @param {HTMLButtonElement} button */
function showState(button) {
  button.setAttribute("aria-pressed", String(isOn()));
  button.textContent = (isOn() ? button.dataset.on : button.dataset.off) || "";
}
/** Browsers allow sound only after the first touch of the page. */
function wakeAudio() {
  audio ||= window.AudioContext ? new AudioContext() : null;
  audio?.resume();
}

/** Two short tones, if the sound is on. */
export function ring() {
  if (!audio || !isOn()) return;
  const { destination, currentTime } = audio;
  for (const [place, tone] of TONES.entries()) {
    const oscillator = audio.createOscillator();
    const volume = audio.createGain();
    const start = currentTime + place * 0.18;
    oscillator.frequency.value = tone;
    volume.gain.setValueAtTime(0.2, start);
    volume.gain.exponentialRampToValueAtTime(0.001, start + 0.17);
    oscillator.connect(volume).connect(destination);
    oscillator.start(start);
    oscillator.stop(start + 0.18);
  }
}

export function startSound() {
  const button = byId("sound", HTMLButtonElement);
  button.addEventListener("click", () => {
    try {
      localStorage.setItem(SETTING, isOn() ? "off" : "on");
    } catch {
      // A device that stores nothing keeps the default.
    }
    showState(button);
    ring();
  });
  for (const kind of ["pointerdown", "keydown"]) addEventListener(kind, wakeAudio, { once: true });
  showState(button);
}
