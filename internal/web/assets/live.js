// Live regions, quiet forms, and two small courtesies. Every page works without this file.
const streams = new Map(), shown = new WeakMap(), busy = new Map();

// A stream says only "changed". Each [data-live] region then asks for itself again, through the page's own permission check.
function listen(url) {
  streams.get(url)?.close();
  if (document.hidden) return;
  const stream = new EventSource(url);
  streams.set(url, stream);
  stream.addEventListener("changed", () => {
    document.documentElement.dataset.stream = "on";
    for (const region of document.querySelectorAll("[data-live]")) if (region.dataset.live === url) refresh(region.id);
  });
  stream.onerror = () => {
    document.documentElement.dataset.stream = "off";
    if (stream.readyState === EventSource.CLOSED) setTimeout(listen, 5000, url); // refused: perhaps the server starts anew
  };
}

async function refresh(id) {
  if (busy.has(id)) return busy.set(id, true); // many changes at once become one more question
  busy.set(id, false);
  try {
    const answer = await fetch(location.href, { headers: { Fragment: id } });
    if (answer.redirected) return location.reload(); // signed out meanwhile
    if (answer.ok) update(document.getElementById(id), await answer.text());
  } catch { /* offline: the stream reconnects and says "changed" again */ }
  const again = busy.get(id);
  busy.delete(id);
  if (again) refresh(id);
}

// Rows are matched by id and replaced only if what the server says of them changed, so typing in another row is safe.
function update(region, html) {
  const parsed = document.createElement("template");
  parsed.innerHTML = html;
  const fresh = parsed.content.firstElementChild, list = region.querySelector("[data-rows]");
  if (!list || !fresh.querySelector("[data-rows]")) return replace(region, fresh);
  for (const part of fresh.querySelectorAll("[data-part]")) replace(document.getElementById(part.id), part);
  const rows = [...fresh.querySelector("[data-rows]").children];
  rows.forEach((row, i) => {
    const old = row.id && document.getElementById(row.id), keep = old ? replace(old, row) : row;
    if (list.children[i] !== keep) list.insertBefore(keep, list.children[i] ?? null);
  });
  while (list.children.length > rows.length) list.lastElementChild.remove();
}

const said = element => element.outerHTML.replace(/name="once" value="\w*"/g, ""); // the name of a sending is new each time

// Replaces an element, and carries over what the person typed, opened and pointed at.
function replace(old, fresh) {
  const text = said(fresh);
  if (!old || (shown.get(old) ?? said(old)) === text) return old;
  shown.set(fresh, text);
  const focus = old.contains(document.activeElement) ? document.activeElement : null;
  old.querySelectorAll("input, textarea, select, details[id]").forEach(was => {
    const now = was.id && fresh.querySelector("#" + CSS.escape(was.id));
    if (!now || was.form?.dataset.sent) return; // what is being sent is said; the fresh form is for what comes next
    if (was.open) now.open = true;
    if (was.type === "checkbox" || was.type === "radio") { if (was.checked !== was.defaultChecked) now.checked = was.checked; }
    else if (was === focus || was.value !== was.defaultValue && was.defaultValue !== undefined) now.value = was.value;
  });
  const at = focus?.selectionStart;
  old.replaceWith(fresh);
  const again = focus?.id && document.getElementById(focus.id);
  again?.focus({ preventScroll: true });
  if (again && at != null) again.setSelectionRange(at, focus.selectionEnd);
  return fresh;
}

document.addEventListener("submit", async event => {
  const form = event.target;
  if (form.dataset.sent) return event.preventDefault(); // pressed twice
  form.dataset.sent = "1";
  if ("again" in form.dataset) setTimeout(() => delete form.dataset.sent, 5000); // a download: the page stays
  if (!("quiet" in form.dataset)) return;
  event.preventDefault();
  const body = new URLSearchParams(new FormData(form, event.submitter));
  const answer = await fetch(form.action, { method: "POST", body }).catch(() => null);
  if (!answer?.ok) { // let the page itself say what was wrong
    if (!form.isConnected) document.body.append(form); // its row was replaced meanwhile; browsers send no form that is nowhere
    return HTMLFormElement.prototype.submit.call(form);
  }
  delete form.dataset.sent;
  form.reset(); // the stream shows what was done
  const once = form.querySelector("[name=once]");
  if (once) once.value = [...crypto.getRandomValues(new Uint8Array(13))].map(b => b.toString(16).padStart(2, "0")).join("");
});

const urls = new Set([...document.querySelectorAll("[data-live]")].map(region => region.dataset.live));
const start = () => urls.forEach(url => document.hidden ? streams.get(url)?.close() : listen(url));
document.addEventListener("visibilitychange", start);
addEventListener("pageshow", event => { if (event.persisted) document.querySelectorAll("[data-sent]").forEach(f => delete f.dataset.sent); });
document.querySelector("[data-focus]")?.focus();
start();
