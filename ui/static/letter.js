// A mail's HTML as a page of its own, for a frame that runs no scripts and loads nothing.

// What the frame may do stands in its sandbox; this stands in its way a second time.
const POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";
const DROPPED = "script, style, link, meta, base, iframe, frame, object, embed, form, input, button, select, textarea, svg, math, audio, video, template";
const LOOK = `
  :root { color-scheme: light; background: #fff; color: #1d1b19; }
  body { margin: 0; padding: 16px; font: 14px/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
  img { max-width: 100%; height: auto; }
  table { max-width: 100%; }
  pre { white-space: pre-wrap; }
  blockquote { margin: 8px 0; padding-left: 12px; border-left: 2px solid #ccc7bf; color: #57534d; }
  a { color: #1a56c4; }`;

/** The page to show `html` as. Nothing of it is fetched here: the parser's document has no window. */
export function letterPage(html) {
  const { body } = new DOMParser().parseFromString(html, "text/html");
  for (const element of body.querySelectorAll(DROPPED)) element.remove();
  for (const element of body.querySelectorAll("*")) {
    for (const { name, value } of [...element.attributes]) {
      const loads = ["src", "srcset", "background", "poster", "data", "action", "ping"].includes(name);
      if (name.startsWith("on") || (loads && !/^data:image\/(png|jpe?g|gif|webp);/i.test(value))) element.removeAttribute(name);
    }
    if (element.hasAttribute("href")) leadOut(element);
  }
  const head = `<meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${POLICY}"><meta name="referrer" content="no-referrer"><style>${LOOK}</style>`;
  return `<!doctype html><html><head>${head}</head><body>${body.innerHTML}</body></html>`;
}

// A link says where it goes, and goes there in the owner's browser or nowhere.
function leadOut(link) {
  const address = link.getAttribute("href").trim();
  if (link.localName !== "a" || !/^https?:\/\//i.test(address)) return link.removeAttribute("href");
  link.setAttribute("href", address);
  link.setAttribute("title", address);
  link.setAttribute("target", "_blank");
  link.setAttribute("rel", "noopener noreferrer");
}
