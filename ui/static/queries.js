// The keeper's own terminal answers a program's queries; a second answer from here would be typed into it.

/** Takes the queries out of what `term` reads, so that it answers none of them. */
export function leaveQueriesToTheKeeper(term) {
  const { parser } = term;
  const csi = [
    { final: "c" }, { prefix: ">", final: "c" }, { prefix: "=", final: "c" },
    { final: "n" }, { prefix: "?", final: "n" },
    { intermediates: "$", final: "p" }, { prefix: "?", intermediates: "$", final: "p" },
    { prefix: ">", final: "q" }, { prefix: "?", final: "u" }, { final: "x" },
  ];
  for (const id of csi) parser.registerCsiHandler(id, () => true);
  parser.registerDcsHandler({ intermediates: "$", final: "q" }, () => true);
  parser.registerDcsHandler({ intermediates: "+", final: "q" }, () => true);
  // Colours may be set from here; only the question is taken out.
  for (const code of [4, 10, 11, 12]) parser.registerOscHandler(code, (data) => /(^|;)\?/.test(data));
}
