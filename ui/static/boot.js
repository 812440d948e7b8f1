// Starts the page: loads the compiled face, and says so plainly when that fails or breaks later.
import init from "./lanyard.js";

function stopped(words) {
  const text = document.createElement("p");
  text.className = "boot-failed";
  text.dataset.test = "stopped";
  const again = document.createElement("button");
  again.className = "button";
  again.dataset.test = "load-again";
  again.textContent = "Load it again";
  again.onclick = () => location.reload();
  text.append(words, document.createElement("br"), again);
  document.body.replaceChildren(text);
  again.focus();
}

// What has broken once answers nothing any more.
function broken(error) {
  if (error instanceof WebAssembly.RuntimeError) {
    stopped("This page has stopped: a fault of Lanyard's. Your agents go on.");
  }
}

addEventListener("error", (event) => broken(event.error));
addEventListener("unhandledrejection", (event) => broken(event.reason));

init({ module_or_path: "./lanyard_bg.wasm" }).catch((error) => {
  stopped(`The page could not be loaded (${error.message}).`);
});
