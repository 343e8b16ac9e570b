// How hard a new password is to guess, said below it whenever the typing pauses. The site weighs it, as it will when the form
// is sent; without script, or when it does not answer, the form says the same then.
const pause = 500, least = 4; // milliseconds; fewer characters are the beginning of something

function follow(place) {
  const form = place.closest("form"), field = form.querySelector("[autocomplete=new-password]");
  const [meter, words, list] = place.children;
  let later, asked;

  async function weigh() {
    const body = new URLSearchParams({ password: field.value });
    for (const name of ["name", "email"]) if (form.elements[name]?.value) body.set(name, form.elements[name].value);
    asked = new AbortController();
    try {
      const answer = await fetch(place.dataset.strength, { method: "POST", body, signal: asked.signal });
      if (answer.status !== 200) throw new Error("not weighed");
      show(await answer.json());
    } catch (error) {
      if (error.name !== "AbortError") place.hidden = true;
    }
  }

  function show(said) {
    place.hidden = false;
    place.dataset.level = meter.value = said.level;
    words.textContent = said.words;
    list.replaceChildren(...said.why.map(why => Object.assign(document.createElement("li"), { textContent: why })));
  }

  field.addEventListener("input", () => {
    clearTimeout(later);
    asked?.abort();
    if (field.value.length < least) place.hidden = true;
    else later = setTimeout(weigh, pause);
  });
}
for (const place of document.querySelectorAll("[data-strength]")) follow(place);
