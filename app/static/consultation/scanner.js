// @ts-check
// Scans the QR code of a visitor card with the camera of the device.
import { byId, query } from "../lib/dom.js";

const LONGEST_CODE = 40;
const SCAN_EVERY = 150;

/**
 * Shows the camera until a code is seen or the dialog is closed.
 * @param {(code: string) => void} onCode
 */
export async function scan(onCode) {
  const dialog = byId("scan", HTMLDialogElement);
  const video = query("video", HTMLVideoElement, dialog);
  const problem = query(".problem", HTMLElement, dialog);
  const stopCamera = () => {
    if (video.srcObject instanceof MediaStream) for (const track of video.srcObject.getTracks()) track.stop();
  };
  dialog.addEventListener("close", stopCamera, { once: true });
  problem.hidden = true;
  dialog.showModal();
  try {
    video.srcObject = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
    await video.play();
    const detector = new self.BarcodeDetector({ formats: ["qr_code"] });
    while (dialog.open) {
      const [code] = await detector.detect(video);
      if (!code) {
        await new Promise((resolve) => setTimeout(resolve, SCAN_EVERY));
        continue;
      }
      dialog.close();
      onCode(code.rawValue.slice(0, LONGEST_CODE));
    }
  } catch {
    problem.hidden = false; // no camera, or not allowed
  }
  stopCamera();
}
