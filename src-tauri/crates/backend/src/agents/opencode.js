// Lanyard's plugin for this session alone: it passes on what OpenCode does.
import { spawn } from "node:child_process";
import { appendFileSync, mkdirSync } from "node:fs";

const TOLD = new Set([
  "session.status", "session.idle", "session.error", "permission.asked", "permission.updated",
  "permission.replied", "question.asked", "question.replied", "question.rejected",
]);
const parents = new Map(), asked = new Set(), states = new Map(), words = new Map();
let last = Promise.resolve();

// One after the other, so that they are heard in their order.
const tell = (payload) => {
  last = last.then(() => new Promise((done) => {
    const hook = spawn(LANYARD, ["hook", "opencode"], { stdio: ["pipe", "ignore", "ignore"] });
    hook.on("error", done).on("close", done);
    hook.stdin.on("error", () => {});
    hook.stdin.end(JSON.stringify(payload));
  }));
};

// What a message has used up, also a subagent's, in the words that Claude Code has for it.
const spend = ({ id, sessionID, tokens, cost }) => {
  let main = sessionID;
  while (parents.has(main)) main = parents.get(main);
  const usage = {
    input_tokens: tokens.input, output_tokens: tokens.output + tokens.reasoning,
    cache_creation_input_tokens: tokens.cache.write, cache_read_input_tokens: tokens.cache.read,
    cost_micros: Math.round(cost * 1e6),
  };
  const line = JSON.stringify({ timestamp: new Date().toISOString(), message: { id, usage } });
  try {
    mkdirSync(SPENT, { recursive: true });
    appendFileSync(`${SPENT}/${main}.jsonl`, `${line}\n`);
  } catch {
    // OpenCode works on, and its use is not told.
  }
};

const event = async ({ event: { type, properties } }) => {
  const { info, part, sessionID } = properties ?? {};
  if (info?.parentID && type.startsWith("session.")) parents.set(info.id, info.parentID);
  if (type === "message.updated" && info?.tokens && info.time?.completed) spend(info);
  if (type === "message.updated" && info?.role === "user") asked.add(info.id);
  if (type === "message.part.updated" && part?.type === "text" && !asked.has(part.messageID))
    words.set(part.sessionID, part.text);
  if (!TOLD.has(type)) return;
  const state = { "session.status": "busy", "session.idle": "idle", "session.error": "failed" }[type];
  if (state) {
    // Each is said several times, also that a turn is over which failed: once is enough, and others wait for it.
    const before = states.get(sessionID);
    if (properties.status?.type === "idle" || before === state || (state === "idle" && before === "failed")) return;
    states.set(sessionID, state);
  }
  const agent_id = parents.has(sessionID) ? sessionID : undefined;
  tell({ type, properties, agent_id, text: type === "session.idle" ? words.get(sessionID) : undefined });
};

export const Lanyard = async () => {
  // They were for OpenCode's own start: its shells are not to have them.
  for (const name of STARTING) delete process.env[name];
  tell({ type: "started" });
  return {
    event,
    // Whatever OpenCode thinks of a shell's environment: the slot's own is in it.
    "shell.env": async (_, output) => {
      for (const [name, value] of Object.entries(process.env)) output.env[name] ??= value;
    },
  };
};
