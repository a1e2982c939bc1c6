// Keeps "3 minutes ago" true, and shows the exact moment in the reader's own time zone.

const EVERY_MS = 20000;
const UNITS = [["day", 86400], ["hour", 3600], ["minute", 60]];
const relative = new Intl.RelativeTimeFormat("en", { numeric: "always" });
const exact = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

function words(moment) {
  const seconds = (Date.now() - moment) / 1000;
  if (seconds < 45) return "just now";
  if (seconds > 30 * 86400) return exact.format(moment);
  const [unit, length] = UNITS.find(([, length]) => seconds >= length) || UNITS[2];
  return relative.format(-Math.max(1, Math.floor(seconds / length)), unit);
}

export function freshTimes(root = document) {
  for (const time of root.querySelectorAll("time[data-ago]")) {
    const moment = new Date(time.dateTime);
    const said = words(moment);
    if (time.textContent !== said) time.textContent = said;
    time.title = exact.format(moment);
  }
}

export function keepTimes() {
  freshTimes();
  setInterval(freshTimes, EVERY_MS);
}
