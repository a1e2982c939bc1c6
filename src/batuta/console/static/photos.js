// Photos for a message: uploaded as soon as they are chosen, shown small, and taken away again.

import { upload } from "./uploading.js";

const THUMBNAIL = 72;

export function wirePhotos(shop) {
  const input = document.getElementById("photo-file");
  const list = document.getElementById("attached");
  const wrong = document.getElementById("say-wrong");
  const field = document.getElementById("f-message");
  const most = Number(shop.dataset.mostMedia);
  let photos = [];

  const tell = (words) => {
    wrong.textContent = words;
    wrong.hidden = !words;
  };
  const show = () => {
    list.hidden = !photos.length;
    field.required = !photos.length; // a photo needs no words
  };
  const remove = (photo) => {
    photos = photos.filter((each) => each !== photo);
    photo.stop.abort();
    photo.item.remove();
    show();
  };

  function add(file) {
    const stop = new AbortController();
    const photo = { item: shown(file, () => { remove(photo); tell(""); field.focus(); }), stop };
    photo.sent = upload(shop.dataset.url, file, stop.signal).then(
      (id) => { photo.medium = { type: "image", upload_id: id, filename: file.name.slice(0, 200) }; },
      (problem) => {
        if (stop.signal.aborted) return;
        photo.item.classList.add("is-wrong");
        tell(`${file.name}: ${problem.message}`);
      },
    ).finally(() => { photo.item.ariaBusy = "false"; });
    photos.push(photo);
    list.append(photo.item);
    show();
  }

  document.getElementById("photo").addEventListener("click", () => input.click());
  input.addEventListener("change", () => {
    const chosen = [...input.files];
    input.value = ""; // the same one may be chosen again
    tell(photos.length + chosen.length > most ? `At most ${most} photos go with a message` : "");
    for (const file of chosen.slice(0, most - photos.length)) add(file);
    field.focus();
  });

  return {
    some: () => photos.length > 0,
    clear() {
      for (const photo of photos) photo.item.remove();
      photos = [];
      tell("");
      show();
    },
    // What to name in the message; null while one of them could not be sent.
    async uploaded() {
      await Promise.all(photos.map((photo) => photo.sent));
      return photos.every((photo) => photo.medium) ? photos.map((photo) => photo.medium) : null;
    },
  };
}

function shown(file, remove) {
  const item = document.createElement("li");
  item.className = "attached-one";
  item.ariaBusy = "true";
  const name = document.createElement("bdi");
  name.className = "attached-name";
  name.textContent = file.name;
  const off = document.createElement("button");
  off.type = "button";
  off.className = "wish-off";
  off.textContent = "×";
  off.ariaLabel = `Remove ${file.name}`;
  off.addEventListener("click", remove);
  item.append(name, off);
  thumbnail(file).then((canvas) => item.prepend(canvas), () => {}); // not every photo can be shown: its name can
  return item;
}

// Drawn, since pictures from `blob:` are against the page's own policy.
async function thumbnail(file) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = THUMBNAIL;
  canvas.ariaHidden = "true";
  const picture = await createImageBitmap(file, { resizeWidth: 2 * THUMBNAIL, resizeQuality: "medium" });
  const side = Math.min(picture.width, picture.height);
  const [left, top] = [(picture.width - side) / 2, (picture.height - side) / 2];
  canvas.getContext("2d").drawImage(picture, left, top, side, side, 0, 0, THUMBNAIL, THUMBNAIL);
  picture.close();
  return canvas;
}
