// A new job: an address goes as JSON, a file as a form whose upload can be watched and stopped.

import { captions, sendJson } from "./api.js";
import { clearWrong, optionsOf, showWrong } from "./forms.js";
import { send, wireFile } from "./sending.js";

export function wireNew() {
  const form = document.getElementById("new");
  if (!form) return;
  const above = document.getElementById("form-wrong");
  const button = document.getElementById("submit");
  const file = wireFile(form);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    clearWrong(form, above);
    const url = form.elements.youtube_url.value.trim();
    const chosen = file.files[0];
    if (!url && !chosen) return showWrong(form, above, "youtube_url: Give an address, or choose a file");
    if (url && chosen) return showWrong(form, above, "youtube_url: Give an address or a file, not both");
    button.disabled = true;
    try {
      const job = chosen ? await upload(chosen, wanted(form)) : await sendJson(`${captions}/pipeline`, { youtube_url: url, ...wanted(form) });
      location.assign(`/console/jobs/${job.job_id}`);
    } catch (problem) {
      button.disabled = false;
      if (problem.name !== "AbortError") showWrong(form, above, problem.message);
    }
  });
  addEventListener("pageshow", () => { button.disabled = false; });
}

function wanted(form) {
  const priority = form.elements.priority.value.trim();
  return {
    ...optionsOf(form),
    priority: Number.isInteger(Number(priority)) ? Number(priority) : priority,
    callback_url: form.elements.callback_url.value.trim() || null,
    reference: form.elements.reference.value.trim() || null,
    force: form.elements.force.checked,
  };
}

function upload(file, options) {
  const data = new FormData();
  for (const [name, value] of Object.entries({ ...options, reference: options.reference || file.name.slice(0, 256) })) {
    if (value !== null) data.append(name, value);
  }
  data.append("file", file);
  return send(`${captions}/pipeline/upload`, data);
}
