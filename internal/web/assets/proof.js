// A proof of work, worked out while the person fills in the form. WebCrypto calculates beside the page, so nothing stands still.
// Where the browser cannot do it, the picture puzzle that stands in <noscript> takes its place.
const gate = document.querySelector("[data-proof]"), form = gate?.closest("form"), field = gate?.querySelector("[name=altcha]");
const fresh = 15 * 60e3; // milliseconds; the server takes an answer for a little longer
let work, since = 0, waits = false;

const bytes = hex => Uint8Array.from(hex.match(/../g) ?? [], pair => parseInt(pair, 16));
const hex = buffer => [...new Uint8Array(buffer)].map(b => b.toString(16).padStart(2, "0")).join("");

async function derive(p, nonce, counter) {
  const text = new Uint8Array(nonce.length + 4);
  text.set(nonce);
  new DataView(text.buffer).setUint32(nonce.length, counter);
  const key = await crypto.subtle.importKey("raw", text, "PBKDF2", false, ["deriveBits"]);
  return hex(await crypto.subtle.deriveBits({ name: "PBKDF2", hash: "SHA-256", salt: bytes(p.salt), iterations: p.cost }, key, 8 * p.keyLength));
}

async function solve() {
  const answer = await fetch(gate.dataset.proof);
  if (!answer.ok) throw new Error("no challenge");
  const challenge = await answer.json(), p = challenge.parameters, nonce = bytes(p.nonce);
  if (p.algorithm !== "PBKDF2/SHA-256") throw new Error("an unknown sum");
  for (let counter = 0; counter < 1e6; counter++) {
    const derivedKey = await derive(p, nonce, counter);
    if (!derivedKey.startsWith(p.keyPrefix)) continue;
    field.value = btoa(JSON.stringify({ challenge, solution: { counter, derivedKey } }));
    return;
  }
}

function begin() {
  if (!work || Date.now() - since > fresh) {
    since = Date.now();
    field.value = "";
    work = solve().catch(instead);
  }
  return work;
}

function instead() {
  const puzzle = gate.querySelector("noscript")?.textContent;
  if (puzzle) gate.innerHTML = puzzle;
  gate.removeAttribute("data-proof");
}

if (form) {
  form.addEventListener("focusin", begin, { once: true });
  if (form.contains(document.activeElement)) begin();
  // Before anything else hears of it: the form waits for the sum, and is sent once.
  addEventListener("submit", async event => {
    if (event.target !== form || !gate.hasAttribute("data-proof") || field.value && Date.now() - since < fresh) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (waits) return;
    waits = true;
    const status = gate.querySelector("[role=status]");
    status.hidden = false;
    await begin();
    status.hidden = true;
    waits = false;
    form.requestSubmit(event.submitter);
  }, true);
  addEventListener("pageshow", event => { if (event.persisted) { work = undefined; field.value = ""; } }); // it was spent
}
