// Brings the page to life. Every page works without it, a little more by hand.

import { wireActions } from "./actions.js";
import { wireJob } from "./job.js";
import { wireLogin } from "./login.js";
import { wireNew } from "./new.js";
import { wirePolling } from "./live.js";
import { wirePlayer } from "./player.js";
import { wireTheme } from "./look.js";
import { keepTimes } from "./times.js";

for (const found of document.querySelectorAll("[data-without-scripts]")) found.hidden = true;
for (const found of document.querySelectorAll("[data-with-scripts]")) found.hidden = false;
for (const form of document.querySelectorAll("form[data-submits]")) {
  form.addEventListener("change", () => form.requestSubmit());
}
wireTheme();
wireActions();
wireLogin();
wireNew();
wirePlayer();
wireJob();
wirePolling();
keepTimes();
document.documentElement.dataset.ready = "true";
