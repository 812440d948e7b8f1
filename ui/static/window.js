// What the page needs from the desktop window: Tauri's commands, events and channel, as plain functions.

const tauri = () => window.__TAURI__;

/** Whether the page runs in the desktop window. */
export const inWindow = () => Boolean(window.__TAURI__?.core);

/** Sends one question, JSON in and JSON out. */
export async function ask(question) {
  const answer = await tauri().core.invoke("call", { request: JSON.parse(question) });
  return JSON.stringify(answer);
}

/** How the window's connection to the daemon is now, as JSON. */
export const linkNow = async () => JSON.stringify(await tauri().core.invoke("link"));

/** The slot that the window was asked to show, told once, as JSON. */
export const slotAsked = async () => JSON.stringify(await tauri().core.invoke("slot_asked"));

/** Calls `heard(json)` for each event of that name. */
export async function listen(name, heard) {
  await tauri().event.listen(name, (event) => heard(JSON.stringify(event.payload)));
}

/**
 * Attaches to a session. `heard(bytes, taken)` gets each chunk, its first byte the kind, and calls `taken()`
 * when the terminal has drawn it: the window reads no faster than that. `lost()` says that no more come.
 */
export async function attach(session, size, heard, lost) {
  const { Channel, invoke } = tauri().core;
  const channel = new Channel();
  let number = null;
  let owed = 0;
  // Commands run side by side in the window: what must keep its order goes one after the other.
  const acknowledge = inTurn(async () => {
    const bytes = owed;
    owed = 0;
    if (bytes) await invoke("attach_ack", { number: await number, bytes });
  });
  const queue = [];
  const write = inTurn(async () => {
    const { kind, bytes } = queue.shift();
    await invoke("attach_write", { number: await number, kind, bytes: Array.from(bytes) });
  });
  channel.onmessage = (message) => {
    const chunk = new Uint8Array(message);
    if (!chunk.length) return lost();
    heard(chunk, () => {
      owed += chunk.length - 1;
      acknowledge();
    });
  };
  number = invoke("attach", { session, size, channel });
  await number;
  return {
    send: (kind, bytes) => {
      queue.push({ kind, bytes });
      write();
    },
    close: async () => invoke("detach", { number: await number }),
  };
}

/** Runs `work` as often as it is called, never twice at a time. A terminal that is gone takes no more. */
function inTurn(work) {
  let last = Promise.resolve();
  return () => (last = last.then(work).catch(() => {}));
}
