// The clipboard: writing a secret to it, and clearing it unless the page has copied something else since.

let ours = 0;
let clearing = 0;

/** Writes `text`. */
export async function copy(text) {
  clearing = ++ours;
  await write(text);
}

/** Clears the clipboard; `false` where something else was copied meanwhile. */
export async function clear() {
  const number = clearing;
  // A page without the focus may not write; it clears as soon as it has it again.
  while (!document.hasFocus()) await new Promise((go) => addEventListener("focus", go, { once: true }));
  if (number !== ours) return false;
  await write(" ");
  return true;
}

document.addEventListener("copy", () => ours++);
document.addEventListener("cut", () => ours++);

async function write(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    if (!writeBySelection(text)) throw new Error("the clipboard could not be written");
  }
}

// Some web views know only the old way.
function writeBySelection(text) {
  const area = document.createElement("textarea");
  const focused = document.activeElement;
  area.value = text;
  area.className = "unseen";
  document.body.append(area);
  area.select();
  const before = ours;
  const done = document.execCommand("copy");
  ours = before;
  area.remove();
  focused?.focus?.();
  return done;
}
