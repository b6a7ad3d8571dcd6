// What is more convenient with a script. Every page works without it.
"use strict";

// A button beside each address that copies it.
function offerCopies(root) {
  if (!navigator.clipboard) return;
  for (const address of root.querySelectorAll("[data-address]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "small";
    button.textContent = document.body.dataset.copy;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(address.textContent);
      button.textContent = document.body.dataset.copied;
      setTimeout(() => { button.textContent = document.body.dataset.copy; }, 2000);
    });
    address.after(" ", button);
  }
}

// The builder: what is chosen shows at once, and the map is another way to its checkboxes.
function keepPreview(form) {
  const map = form.querySelector(".world");
  const countries = [...form.querySelectorAll('input[name="country"]')];
  const box = (code) => countries.find((box) => box.value === code);
  const shapes = map ? [...map.querySelectorAll("[data-country]")] : [];
  let asked = 0;

  async function refresh() {
    for (const shape of shapes) shape.classList.toggle("chosen", Boolean(box(shape.dataset.country)?.checked));
    const filled = [...new FormData(form)].filter(([, value]) => value);
    const query = new URLSearchParams(filled).toString();
    const address = form.action + (query ? "?" + query : "");
    const turn = ++asked;
    const answer = await fetch(address, { headers: { Accept: "text/html" } });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const outcome = page.getElementById("outcome");
    // Only the last wish counts.
    if (turn !== asked || !outcome) return;
    const before = document.getElementById("outcome");
    before.replaceChildren(...outcome.childNodes);
    offerCopies(before);
    history.replaceState(null, "", address);
  }

  form.addEventListener("change", () => { refresh().catch(() => {}); });
  if (map) {
    map.hidden = false;
    map.addEventListener("click", (event) => {
      const shape = event.target.closest("[data-country]");
      const chosen = shape && box(shape.dataset.country);
      if (!chosen) return;
      chosen.checked = !chosen.checked;
      refresh().catch(() => {});
    });
  }
  form.querySelector(".go")?.remove();
}

offerCopies(document);
// Beside the text there is room for what is closed on a phone.
if (matchMedia("(min-width: 62rem)").matches) for (const panel of document.querySelectorAll(".side .panel")) panel.open = true;
const builder = document.querySelector("form[data-preview]");
if (builder) keepPreview(builder);
