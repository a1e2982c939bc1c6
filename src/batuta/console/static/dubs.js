// A video to dub: sent to the gateway by a form whose upload can be watched; only what goes together can be chosen.

import { clearWrong, showWrong } from "./forms.js";
import { send, wireFile } from "./sending.js";

const OF_THE_FILE = ["FILE_EMPTY", "INVALID_FILE_TYPE", "FILE_TOO_LARGE", "payload_too_large"];

export function wireDubs() {
  const form = document.getElementById("dub-form");
  if (!form) return;
  const above = document.getElementById("form-wrong");
  const button = document.getElementById("submit");
  const file = wireFile(form);
  wireLanguages(form);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    clearWrong(form, above);
    const video = file.files[0];
    const target = form.elements.targetLang.value;
    const faults = [];
    if (!video) faults.push("file: Choose a video");
    else if (video.size > Number(form.dataset.limit)) faults.push(`file: It is larger than the ${form.dataset.limitWords} that are taken`);
    if (!target) faults.push("targetLang: Choose the language it shall speak");
    if (faults.length) return showWrong(form, above, faults.join("; "));
    button.disabled = true;
    try {
      const data = new FormData();
      data.append("targetLang", target);
      data.append("options", JSON.stringify(wishes(form)));
      data.append("file", video);
      const job = await send(form.dataset.url, data);
      location.assign(`/console/dubs/${job.jobId}`);
    } catch (problem) {
      button.disabled = false;
      if (problem.name === "AbortError") return;
      const ofFile = OF_THE_FILE.includes(problem.code);
      showWrong(form, above, `${ofFile ? "file: " : ""}${problem.message}`);
    }
  });
  addEventListener("pageshow", () => { button.disabled = false; });
}

function wishes(form) {
  const { source_language, voice, loudness, keep_background, subtitles } = form.elements;
  return {
    source_language: source_language.value,
    voice: voice.value.trim() || null,
    keep_background: keep_background.checked,
    subtitles: subtitles.checked ? "soft" : "none",
    loudness: loudness.value,
  };
}

// Voices are those of the language; what cannot be translated into it, or is the same, cannot be chosen.
function wireLanguages(form) {
  const { source_language: source, targetLang: target, voice } = form.elements;
  const groups = [...voice.querySelectorAll("optgroup")];
  const show = () => {
    const chosen = target.selectedOptions[0];
    const able = chosen.dataset.sources?.split(" ");
    for (const option of source.options) {
      option.disabled = option.value !== "auto" && chosen.value !== "" && (option.value === chosen.value || (able !== undefined && !able.includes(option.value)));
    }
    if (source.selectedOptions[0]?.disabled) source.value = "auto";
    if (!groups.length) return;
    const asked = voice.value;
    const ours = groups.filter((group) => group.dataset.language === chosen.value);
    voice.replaceChildren(voice.options[0], ...ours);
    voice.value = ours.some((group) => [...group.children].some((option) => option.value === asked)) ? asked : "";
    voice.disabled = chosen.value === "";
  };
  target.addEventListener("change", show);
  show();
}
