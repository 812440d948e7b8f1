// A terminal on the page: xterm.js, its addons, and the wire. The bytes stay here, off the page's own state.
import { Terminal } from "./vendor/xterm.mjs";
import { FitAddon } from "./vendor/addon-fit.mjs";
import { SearchAddon } from "./vendor/addon-search.mjs";
import { Unicode11Addon } from "./vendor/addon-unicode11.mjs";
import { WebLinksAddon } from "./vendor/addon-web-links.mjs";
import { WebglAddon } from "./vendor/addon-webgl.mjs";
import { attach, KIND } from "./wire.js";
import { leaveQueriesToTheKeeper } from "./queries.js";
import { inkTheme } from "./ink.js";

// A browser drops the oldest WebGL context beyond some number, so that only a few terminals may hold one.
const WEBGL_MAX = 4;
let webglAlive = 0;

// Beyond this many unwritten bytes the terminal lets go and asks for a fresh repaint instead.
const BACKLOG_MAX = 16 * 1024 * 1024;

const FONT = '"Lanyard Mono", ui-monospace, monospace';
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * Opens a terminal in `element` for `session`. `listener(what, text)` hears `up`, `down`, `problem` (an
 * error as JSON), `exit` (an exit as JSON), `size` (`cols×rows` of another client, or empty), `find`
 * and `leave`.
 */
export function open(element, session, token, fontSize, listener) {
  const terminal = new LanyardTerminal(element, session, token, fontSize, listener);
  element.lanyardText = () => terminal.text();
  element.lanyardType = (text) => terminal.type(encoder.encode(text));
  terminal.start();
  return terminal;
}

class LanyardTerminal {
  constructor(element, session, token, fontSize, listener) {
    Object.assign(this, { element, session, token, listener });
    this.closed = this.ended = false;
    this.tries = this.backlog = 0;
    this.wire = null;
    this.fitting = new FitAddon();
    this.searching = new SearchAddon();
    this.term = new Terminal({
      allowProposedApi: true,
      cursorBlink: false,
      fontFamily: FONT,
      fontSize,
      linkHandler: { activate: openLink, allowNonHttpProtocols: false },
      macOptionIsMeta: true,
      minimumContrastRatio: 3,
      scrollback: 10000,
      theme: inkTheme(element),
    });
  }

  async start() {
    // The cell's size is measured once, so the font must be there before.
    await document.fonts.load(`${this.term.options.fontSize}px "Lanyard Mono"`).catch(() => {});
    if (this.closed) return;
    const { term } = this;
    for (const addon of [this.fitting, this.searching, new Unicode11Addon(), new WebLinksAddon(openLink)]) {
      term.loadAddon(addon);
    }
    term.unicode.activeVersion = "11";
    leaveQueriesToTheKeeper(term);
    term.open(this.element);
    term.textarea?.setAttribute("aria-label", "Terminal. Control Shift X leaves it.");
    this.useWebgl();
    term.attachCustomKeyEventHandler((event) => this.key(event));
    term.onData((text) => this.type(encoder.encode(text)));
    term.onBinary((text) => this.type(Uint8Array.from(text, (c) => c.charCodeAt(0))));
    this.observer = new ResizeObserver(() => this.fit());
    this.observer.observe(this.element);
    this.fit();
    if (this.wantsFocus) this.term.focus();
    this.connect();
  }

  useWebgl() {
    if (webglAlive >= WEBGL_MAX) return;
    const webgl = new WebglAddon();
    const release = () => {
      if (this.webgl !== webgl) return;
      this.webgl = null;
      webglAlive -= 1;
      webgl.dispose();
    };
    try {
      webgl.onContextLoss(release);
      this.term.loadAddon(webgl);
    } catch {
      // No WebGL here: the ordinary renderer draws.
      webgl.dispose();
      return;
    }
    webglAlive += 1;
    this.webgl = webgl;
    this.releaseWebgl = release;
  }

  size() {
    return { rows: this.term.rows, cols: this.term.cols };
  }

  fit() {
    const wanted = this.fitting.proposeDimensions();
    if (!wanted || !(wanted.cols > 1) || !(wanted.rows > 1)) return;
    const same = this.own && this.own.cols === wanted.cols && this.own.rows === wanted.rows;
    if (same) return;
    this.own = wanted;
    this.term.resize(wanted.cols, wanted.rows);
    this.sendSize();
  }

  sendSize() {
    const bytes = new Uint8Array(4);
    const view = new DataView(bytes.buffer);
    view.setUint16(0, this.own.rows);
    view.setUint16(2, this.own.cols);
    this.wire?.send(KIND.size, bytes);
  }

  type(bytes) {
    if (!this.ended) this.wire?.send(KIND.input, bytes);
  }

  async connect() {
    if (this.closed || this.ended) return;
    try {
      const wire = await attach({
        token: this.token,
        session: this.session,
        size: this.own ?? this.size(),
        heard: (kind, bytes, taken) => this.heard(kind, bytes, taken),
        lost: () => this.lost(),
      });
      if (this.closed) return wire.close();
      this.wire = wire;
      this.tries = 0;
      // Whoever opens a desk looks at it: the session takes this size over, not only at the first key.
      if (this.own) this.sendSize();
      this.listener("up", "");
    } catch (error) {
      if (error?.message) this.listener("problem", JSON.stringify(error));
      else this.lost();
    }
  }

  lost() {
    this.wire = null;
    if (this.closed || this.ended) return;
    this.listener("down", "");
    this.again = setTimeout(() => this.connect(), Math.min(250 * 2 ** this.tries, 4000));
    this.tries += 1;
  }

  heard(kind, bytes, taken) {
    if (this.closed) return;
    if (kind === KIND.output) this.write(bytes, taken);
    else if (kind === KIND.repaint) {
      // A reset by sequence keeps its place in the queue of what is still unwritten.
      this.write(encoder.encode("\x1bc"));
      this.write(bytes, taken);
    } else if (kind === KIND.size && bytes.length === 4) this.takeSize(bytes);
    else if (kind === KIND.exit) {
      this.ended = true;
      this.listener("exit", decoder.decode(bytes));
    }
  }

  takeSize(bytes) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, 4);
    const [rows, cols] = [view.getUint16(0), view.getUint16(2)];
    if (!rows || !cols) return;
    this.term.resize(cols, rows);
    const own = !this.own || (this.own.rows === rows && this.own.cols === cols);
    this.listener("size", own ? "" : `${cols} × ${rows}`);
  }

  write(bytes, taken) {
    this.backlog += bytes.length;
    this.term.write(bytes, () => {
      taken?.();
      this.written(bytes.length);
    });
    if (this.backlog > BACKLOG_MAX && this.wire) {
      this.wire.close();
      this.wire = null;
      this.behind = true;
    }
  }

  written(length) {
    this.backlog -= length;
    if (!this.behind || this.backlog > 0) return;
    this.behind = false;
    this.connect();
  }

  key(event) {
    if (event.type !== "keydown") return true;
    const shifted = event.ctrlKey && event.shiftKey;
    const key = event.key.toLowerCase();
    // The page finds anything with these; pressed twice, the program in the terminal gets it.
    if ((event.metaKey || event.ctrlKey) && key === "k") return false;
    if (!shifted) return true;
    // The page opens the questions of agents with it.
    if (key === "a") return false;
    const own = { f: "find", x: "leave" }[key];
    if (own) this.listener(own, "");
    else if (key === "c") this.copy();
    // The browser's paste: not for the program in the terminal.
    else return key !== "v";
    event.preventDefault();
    event.stopPropagation();
    return false;
  }

  copy() {
    const text = this.term.getSelection();
    if (text) navigator.clipboard?.writeText(text).catch(() => {});
  }

  text() {
    const { active } = this.term.buffer;
    const lines = Array.from({ length: active.length }, (_, i) => active.getLine(i)?.translateToString(true) ?? "");
    return lines.join("\n").trimEnd();
  }

  focus() {
    this.wantsFocus = true;
    this.term.focus();
  }

  find(text, back) {
    const options = { incremental: !back, decorations: this.term.options.theme.found };
    return back ? this.searching.findPrevious(text, options) : this.searching.findNext(text, options);
  }

  endFind() {
    this.searching.clearDecorations();
  }

  setFontSize(size) {
    this.term.options.fontSize = size;
    this.own = null;
    this.fit();
  }

  close() {
    this.closed = true;
    clearTimeout(this.again);
    this.observer?.disconnect();
    this.wire?.close();
    this.releaseWebgl?.();
    this.term.dispose();
    delete this.element.lanyardText;
    delete this.element.lanyardType;
  }
}

// Whatever a program prints can be a link, so it opens only by intent, and only to the web.
function openLink(event, address) {
  if (!(event.ctrlKey || event.metaKey) || !/^https?:\/\//i.test(address)) return;
  // As a click on a plain link: a browser opens a tab, and the window tells the owner's browser.
  const link = Object.assign(document.createElement("a"), { href: address, target: "_blank", rel: "noopener noreferrer" });
  document.body.append(link);
  link.click();
  link.remove();
}
