// Signs in: the key goes to the server once, and comes back as a cookie that no script can read.

import { sendJson } from "./api.js";
import { clearWrong, showWrong } from "./forms.js";

export function wireLogin() {
  const form = document.getElementById("login");
  if (!form) return;
  const above = form.querySelector("[data-form-wrong]");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    clearWrong(form, above);
    const button = form.querySelector("button");
    button.disabled = true;
    try {
      await sendJson("/login", { key: form.elements.key.value });
      location.assign(form.dataset.next);
    } catch (problem) {
      button.disabled = false;
      showWrong(form, above, problem.message);
    }
  });
}
