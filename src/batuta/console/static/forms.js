// Shows what is wrong with a form: at the field where the problem names one, above the form otherwise.

export function clearWrong(form, above) {
  above.hidden = true;
  for (const found of form.querySelectorAll(".wrong")) found.hidden = true;
  for (const found of form.querySelectorAll("[aria-invalid]")) found.removeAttribute("aria-invalid");
}

export function showWrong(form, above, message) {
  const rest = [];
  let first = null;
  for (const fault of message.split(/; (?=[\w.]+: )/)) {
    const [, path, text] = fault.match(/^([\w.]+): ([^]*)$/) || [];
    const name = path?.split(".").pop();
    const place = name && form.querySelector(`[data-field="${CSS.escape(name)}"]`);
    if (!place) {
      rest.push(fault);
      continue;
    }
    const said = place.querySelector(".wrong");
    said.textContent = text;
    said.hidden = false;
    const input = place.querySelector("input, select");
    input.setAttribute("aria-invalid", "true");
    const folded = place.closest("details");
    if (folded) folded.open = true;
    first ||= input;
  }
  if (rest.length) {
    above.textContent = rest.join("; ");
    above.hidden = false;
    first ||= above;
  }
  first.focus();
}

export function optionsOf(form) {
  const data = new FormData(form);
  const options = {};
  for (const name of ["language", "language_out", "subtitle_profile", "model"]) {
    options[name] = data.get(name)?.trim() || null;
  }
  for (const box of form.querySelectorAll("input[data-flag]")) options[box.name] = box.checked;
  return options;
}
