"use strict";
const boxes = document.querySelector("fieldset");
boxes.hidden = false;
boxes.addEventListener("change", ({ target }) => {
  document.body.classList.toggle("no-" + target.value, !target.checked);
});
boxes.querySelectorAll("input").forEach((box) => { box.checked = true; });
