// A photo or a recording goes to the media service, and comes back as an id to name in a message.

import { Problem, ask } from "./api.js";

const LIMIT_MS = 60000;
const MAX_BYTES = 25 * 1024 * 1024;

export async function upload(url, file, signal = new AbortController().signal) {
  if (file.size > MAX_BYTES) throw new Problem(413, { detail: "larger than the 25 MB that are taken" });
  const options = { method: "POST", body: file, signal: AbortSignal.any([signal, AbortSignal.timeout(LIMIT_MS)]) };
  if (!file.type) options.headers = { "Content-Type": "application/octet-stream" };
  return (await ask(`${url}/api/v1/uploads`, options)).upload_id;
}
