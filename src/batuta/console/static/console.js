// Brings the page to life. Every page works without it, a little more by hand.

import { wireActions } from "./actions.js";
import { wireAsking } from "./asking.js";
import { wireDocs } from "./docs.js";
import { wireDub } from "./dub.js";
import { wireDubs } from "./dubs.js";
import { wireJob } from "./job.js";
import { wireLogin } from "./login.js";
import { wireNew } from "./new.js";
import { wirePolling } from "./live.js";
import { wirePlayer } from "./player.js";
import { wireShop } from "./shop.js";
import { wireTheme } from "./look.js";
import { wireLines } from "./lines.js";
import { reveal } from "./reveal.js";
import { keepTimes } from "./times.js";

reveal();
for (const form of document.querySelectorAll("form[data-submits]")) {
  form.addEventListener("change", () => form.requestSubmit());
}
document.querySelector(".nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
wireTheme();
wireActions();
wireLogin();
wireNew();
wirePlayer();
wireJob();
wireAsking();
wireDubs();
wireDub();
wireLines();
wireShop();
wireDocs();
wirePolling();
keepTimes();
document.documentElement.dataset.ready = "true";
