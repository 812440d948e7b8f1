// Starts the page: loads the compiled face and says so plainly when that fails.
import init from "./lanyard.js";

init({ module_or_path: "./lanyard_bg.wasm" }).catch((error) => {
  const text = document.createElement("p");
  text.className = "boot-failed";
  text.textContent = `The page could not be loaded (${error.message}). Reload it, or start Lanyard again.`;
  document.body.replaceChildren(text);
});
