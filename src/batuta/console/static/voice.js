// A message spoken: recorded until it is sent, a minute at most.

import { upload } from "./uploading.js";

const LONGEST_S = 60;
const TICK_MS = 250;
const KINDS = ["audio/webm;codecs=opus", "audio/mp4", "audio/ogg;codecs=opus"];
const REFUSED = {
  NotAllowedError: "The browser may not use the microphone: allow it in the address bar, then try again.",
  NotFoundError: "The browser finds no microphone.",
  NotReadableError: "Another program has the microphone.",
};

export function wireVoice(shop, say) {
  const button = document.getElementById("voice");
  const shown = document.getElementById("recording");
  const time = document.getElementById("recording-time");
  const wrong = document.getElementById("say-wrong");
  const send = document.getElementById("send");
  let recorder = null;
  let opening = false;

  const tell = (words) => {
    wrong.textContent = words;
    wrong.hidden = !words;
  };
  const name = (words, pressed) => {
    button.ariaLabel = words;
    button.title = words;
    button.ariaPressed = String(pressed);
  };

  async function begin() {
    if (!navigator.mediaDevices || !window.MediaRecorder) {
      return tell(window.isSecureContext ? "This browser cannot record." : "Browsers give a page the microphone only over https, or on this machine.");
    }
    let stream;
    opening = true;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    } catch (error) {
      return tell(REFUSED[error.name] || `The microphone cannot be used: ${error.message}`);
    } finally {
      opening = false;
    }
    const mimeType = KINDS.find((kind) => MediaRecorder.isTypeSupported(kind));
    recorder = new MediaRecorder(stream, mimeType ? { mimeType } : {});
    const pieces = [];
    const begun = Date.now();
    const tick = () => {
      const seconds = Math.floor((Date.now() - begun) / 1000);
      time.textContent = `0:${String(Math.min(seconds, 59)).padStart(2, "0")} / 1:00`;
      if (seconds >= LONGEST_S) stop();
    };
    const ticking = setInterval(tick, TICK_MS);
    const { mimeType: kind } = recorder;
    recorder.addEventListener("dataavailable", (event) => pieces.push(event.data));
    recorder.addEventListener("stop", () => {
      clearInterval(ticking);
      for (const track of stream.getTracks()) track.stop();
      const dropped = recorder.dropped;
      recorder = null;
      shown.hidden = true;
      name("Speak", false);
      if (!dropped) deliver(new Blob(pieces, { type: kind || pieces[0]?.type || "audio/webm" }));
    });
    recorder.start();
    tick();
    shown.hidden = false;
    name("Stop and send", true);
  }

  function stop(dropped = false) {
    if (!recorder) return;
    recorder.dropped = dropped;
    recorder.stop();
  }

  async function deliver(recording) {
    if (!recording.size) return tell("Nothing was recorded. Try again.");
    button.disabled = true;
    try {
      const id = await upload(shop.dataset.url, recording);
      const end = recording.type.includes("mp4") ? "mp4" : recording.type.includes("ogg") ? "ogg" : "webm";
      say({ type: "audio", upload_id: id, filename: `spoken.${end}` });
    } catch (problem) {
      tell(`The recording was not sent: ${problem.message}`);
    }
    button.disabled = false;
  }

  button.addEventListener("click", () => {
    tell("");
    if (recorder) stop();
    else if (!opening) begin();
  });
  document.getElementById("recording-drop").addEventListener("click", () => {
    stop(true);
    button.focus();
  });
  // While somebody speaks, to send is to end the recording.
  send.addEventListener("click", (event) => {
    if (!recorder) return;
    event.preventDefault();
    stop();
  });
  addEventListener("pagehide", () => stop(true));
}
