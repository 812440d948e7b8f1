// Saves a file that has come in parts.

/** Offers the parts, each a `Uint8Array`, as a file of this name. What it says of itself is not believed: it is bytes. */
export function save(name, parts) {
  const address = URL.createObjectURL(new Blob(parts, { type: "application/octet-stream" }));
  const link = Object.assign(document.createElement("a"), { href: address, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  // The download has begun with the click; a minute later it has surely been taken over.
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

/** The bytes of a part, which come as base64. */
export function bytes(base64) {
  return Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
}
