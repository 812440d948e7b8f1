// The terminal's colours, taken from the page's tokens, as the hex text that xterm.js and its renderer want.

const NAMES = [
  "black", "red", "green", "yellow", "blue", "magenta", "cyan", "white",
  "brightBlack", "brightRed", "brightGreen", "brightYellow", "brightBlue", "brightMagenta", "brightCyan",
  "brightWhite",
];

/** The theme that the tokens `--ink-*` describe. */
export function inkTheme(element) {
  const style = getComputedStyle(element);
  const paint = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const colour = (token) => {
    paint.fillStyle = style.getPropertyValue(`--ink-${token}`).trim() || "#000";
    paint.fillRect(0, 0, 1, 1);
    const [r, g, b] = paint.getImageData(0, 0, 1, 1).data;
    return `#${[r, g, b].map((part) => part.toString(16).padStart(2, "0")).join("")}`;
  };
  const theme = Object.fromEntries(NAMES.map((name, index) => [name, colour(index)]));
  return {
    ...theme,
    background: colour("paper"),
    foreground: colour("text"),
    cursor: colour("cursor"),
    cursorAccent: colour("paper"),
    selectionBackground: colour("selection"),
    found: {
      matchBackground: colour("found"),
      activeMatchBackground: colour("found-now"),
      matchOverviewRuler: colour("found"),
      activeMatchColorOverviewRuler: colour("found-now"),
    },
  };
}
