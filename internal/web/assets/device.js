// The key of this browser. It is made here, its private half never leaves, and signing in works without it:
// then the device is known by its cookie alone, or by nothing.
const opened = () => new Promise((done, failed) => {
  const request = indexedDB.open("device", 1);
  request.onupgradeneeded = () => request.result.createObjectStore("keys");
  request.onsuccess = () => done(request.result);
  request.onerror = () => failed(request.error);
});

const asked = request => new Promise((done, failed) => {
  request.onsuccess = () => done(request.result);
  request.onerror = () => failed(request.error);
});

// Two windows that sign in at once must not make two keys: whoever comes second takes what is there.
async function pair() {
  const db = await opened();
  const kept = await asked(db.transaction("keys").objectStore("keys").get("sign-in"));
  if (kept) return kept;
  const made = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign", "verify"]);
  const keys = db.transaction("keys", "readwrite").objectStore("keys");
  const first = await asked(keys.get("sign-in"));
  if (first) return first;
  await asked(keys.put(made, "sign-in"));
  return made;
}

const base64 = bytes => btoa(String.fromCharCode(...new Uint8Array(bytes))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

async function answer(form) {
  const reply = await fetch(form.dataset.device);
  if (!reply.ok) return;
  const challenge = await reply.text(), keys = await pair();
  const signature = await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, keys.privateKey, new TextEncoder().encode(challenge));
  const point = await crypto.subtle.exportKey("raw", keys.publicKey);
  for (const [name, value] of Object.entries({ "device-challenge": challenge, "device-key": base64(point), "device-signature": base64(signature) })) {
    const field = form.querySelector(`[name=${name}]`) ?? form.appendChild(Object.assign(document.createElement("input"), { type: "hidden", name }));
    field.value = value;
  }
}

const soon = () => new Promise(done => setTimeout(done, 3000));
for (const form of document.querySelectorAll("form[data-device]")) form.addEventListener("submit", async event => {
  if (form.dataset.answered) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  if (form.dataset.answering) return; // pressed twice
  form.dataset.answering = "1";
  await Promise.race([answer(form).catch(() => {}), soon()]); // no key, no storage, no answer: the person signs in all the same
  form.dataset.answered = "1";
  form.requestSubmit(event.submitter);
});
addEventListener("pageshow", event => { if (event.persisted) document.querySelectorAll("[data-answered]").forEach(f => { delete f.dataset.answered; delete f.dataset.answering; }); });
