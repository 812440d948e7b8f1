// What the page needs from the desktop window: Tauri's commands, events and channel, as plain functions.

const tauri = () => window.__TAURI__;

/** Whether the page runs in the desktop window. */
export const inWindow = () => Boolean(window.__TAURI__?.core);

/** Sends one question, JSON in and JSON out. */
export async function ask(question) {
  const answer = await tauri().core.invoke("call", { request: JSON.parse(question) });
  return JSON.stringify(answer);
}

/** Calls `heard(json)` for each event of that name. */
export async function listen(name, heard) {
  await tauri().event.listen(name, (event) => heard(JSON.stringify(event.payload)));
}

/** Attaches to a session; `heard(bytes)` gets each chunk, its first byte the kind. */
export async function attach(session, size, heard) {
  const { Channel, invoke } = tauri().core;
  const channel = new Channel();
  channel.onmessage = (message) => heard(new Uint8Array(message));
  const number = await invoke("attach", { session, size, channel });
  return {
    send: (kind, bytes) => invoke("attach_write", { number, kind, bytes: Array.from(bytes) }),
    close: () => invoke("detach", { number }).catch(() => {}),
  };
}
