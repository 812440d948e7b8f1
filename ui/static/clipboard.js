// The clipboard: writing a secret to it, and clearing it unless the page has copied something else since.

let ours = 0;
let clearing = 0;

/** Writes `text`. */
export async function copy(text) {
  clearing = ++ours;
  await write(text);
}

/**
 * Clears the clipboard: `cleared`, `other` where something else was copied meanwhile, or `waits` where the
 * browser lets a page write only while a person presses something on it.
 */
export async function clear() {
  if (clearing !== ours) return "other";
  try {
    await write(" ");
    return "cleared";
  } catch {
    return "waits";
  }
}

/** Clears it with the next key or click on the page that the browser lets count. */
export async function clearAtNextPress() {
  const pressed = (name) => new Promise((go) => addEventListener(name, go, { capture: true, once: true }));
  for (;;) {
    await Promise.race([pressed("keydown"), pressed("pointerup")]);
    const done = await clear();
    if (done !== "waits") return done;
  }
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
