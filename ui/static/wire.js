// One attached terminal's wire: chunks to and from the daemon, over the window's channel or a WebSocket.
import * as host from "./window.js";

const KIND = { output: 0x6f, repaint: 0x70, input: 0x69, size: 0x73, exit: 0x78 };
export { KIND };

/**
 * Attaches; resolves to `{send(kind, bytes), close()}` or rejects with an error of the api's shape.
 * `heard(kind, bytes, taken)` calls `taken` where there is one, when it has used the bytes.
 */
export function attach({ token, session, size, heard, lost }) {
  return host.inWindow()
    ? host.attach(session, size, (chunk, taken) => heard(chunk[0], chunk.subarray(1), taken), lost)
    : attachSocket({ token, session, size, heard, lost });
}

function attachSocket({ token, session, size, heard, lost }) {
  return new Promise((resolve, reject) => {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/attach`);
    socket.binaryType = "arraybuffer";
    let attached = false;
    const link = {
      send(kind, bytes) {
        if (socket.readyState !== WebSocket.OPEN) return;
        const chunk = new Uint8Array(bytes.length + 1);
        chunk[0] = kind;
        chunk.set(bytes, 1);
        socket.send(chunk);
      },
      close() {
        socket.onclose = null;
        socket.onmessage = null;
        socket.close();
      },
    };
    socket.onopen = () => socket.send(JSON.stringify({ token, session, size, scrollback: true }));
    socket.onmessage = ({ data }) => {
      if (data instanceof ArrayBuffer) {
        const chunk = new Uint8Array(data);
        heard(chunk[0], chunk.subarray(1));
        return;
      }
      const result = JSON.parse(data).answer?.result;
      if (result?.Err) {
        socket.onclose = null;
        socket.close();
        reject(result.Err);
      } else if (result) {
        attached = true;
        resolve(link);
      }
    };
    socket.onclose = () => (attached ? lost() : reject(null));
  });
}
