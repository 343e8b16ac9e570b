// Passkeys: asks the site what to ask the authenticator, and sends its answer with the form that the page has.
// Whoever has no passkeys, or no script, finds another way on the same page.
const bytes = text => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), c => c.charCodeAt(0));
const text = buffer => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
const read = keys => keys?.map(key => ({ ...key, id: bytes(key.id) }));

async function create(asked) {
  const publicKey = { ...asked, challenge: bytes(asked.challenge), user: { ...asked.user, id: bytes(asked.user.id) }, excludeCredentials: read(asked.excludeCredentials) };
  const key = await navigator.credentials.create({ publicKey }), { response } = key;
  return said(key, { attestationObject: text(response.attestationObject), transports: response.getTransports?.() ?? [] });
}

async function present(asked) {
  const publicKey = { ...asked, challenge: bytes(asked.challenge), allowCredentials: read(asked.allowCredentials) };
  const key = await navigator.credentials.get({ publicKey }), { response } = key;
  return said(key, { authenticatorData: text(response.authenticatorData), signature: text(response.signature),
    ...(response.userHandle && { userHandle: text(response.userHandle) }) });
}

const said = (key, response) => JSON.stringify({ id: key.id, rawId: text(key.rawId), type: key.type, clientExtensionResults: {},
  response: { clientDataJSON: text(key.response.clientDataJSON), ...response } });

// What the site says instead of a question is a page: what was wrong with the form, or where to go first.
function show(html) {
  const main = new DOMParser().parseFromString(html, "text/html").querySelector("main");
  document.querySelector("main").replaceWith(main);
  main.querySelector("[data-focus]")?.focus();
  start();
}

async function begin(form) {
  const failed = form.querySelector("[data-failed]");
  failed.hidden = true;
  form.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(form.dataset.ask, { method: "POST", body: new URLSearchParams(new FormData(form)) });
    if (answer.redirected) return location.assign(answer.url);
    if (!answer.ok) return show(await answer.text());
    form.elements.answer.value = await (form.dataset.passkey === "create" ? create : present)(await answer.json());
    form.requestSubmit();
  } catch { // the person has cancelled it, or the authenticator has none that fits
    failed.hidden = false;
  } finally {
    form.removeAttribute("aria-busy");
  }
}

function start() {
  const able = window.PublicKeyCredential && navigator.credentials;
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    form.hidden = !able;
    form.addEventListener("submit", event => {
      if (form.elements.answer.value) return;
      event.preventDefault();
      event.stopImmediatePropagation(); // it is not sent yet
      if (!form.hasAttribute("aria-busy")) begin(form);
    });
  }
  for (const note of document.querySelectorAll("[data-no-passkeys]")) note.hidden = Boolean(able);
}
start();
