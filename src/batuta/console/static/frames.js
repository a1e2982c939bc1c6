// A turn as it happens: the frames of its server-sent events, one after the other.

import { Problem, toLogin } from "./api.js";

const LATER = [0, 408, 425, 429, 503, 504];

export async function* told(url, message) {
  const answer = await asked(url, message);
  let over = false;
  let rest = "";
  try {
    for await (const piece of pieces(answer.body.pipeThrough(new TextDecoderStream()))) {
      rest += piece;
      const events = rest.split("\n\n");
      rest = events.pop();
      for (const event of events) {
        const frame = frameOf(event);
        if (frame?.type === "error") throw problem(frame.data.details.status, { ...frame.data.details, detail: frame.data.error });
        over ||= frame?.type === "done";
        if (frame) yield frame;
      }
    }
  } catch (error) {
    throw error instanceof Problem ? error : brokenOff();
  }
  if (!over) throw brokenOff();
}

async function asked(url, message) {
  let answer;
  try {
    answer = await fetch(url, {
      method: "POST",
      body: JSON.stringify(message),
      headers: { "Content-Type": "application/json", Accept: "text/event-stream, application/problem+json" },
    });
  } catch {
    throw problem(0, { title: "No answer", detail: "The server does not answer. Is it running?" });
  }
  if (answer.status === 401) toLogin();
  if (!answer.ok) throw problem(answer.status, await answer.json().catch(() => ({ detail: `The server answered ${answer.status}` })));
  return answer;
}

// Streams that can be iterated over are younger than some browsers.
async function* pieces(stream) {
  const reader = stream.getReader();
  try {
    for (let found = await reader.read(); !found.done; found = await reader.read()) yield found.value;
  } finally {
    reader.cancel().catch(() => {}); // who leaves in the middle wants no more
  }
}

function frameOf(event) {
  const data = event.split("\n").filter((line) => line.startsWith("data:")).map((line) => line.slice(5)).join("\n");
  return data ? JSON.parse(data) : null;
}

function problem(status, body) {
  const found = new Problem(status, body);
  found.title = body.title || "Something went wrong";
  found.again = body.retryable ?? LATER.includes(status);
  return found;
}

function brokenOff() {
  return problem(0, { title: "The connection broke off", detail: "The answer may be ready all the same: try again." });
}
