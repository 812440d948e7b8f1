// Lanyard's plugin for this session alone: it passes on what OpenCode does.
import { spawn } from "node:child_process";

const TOLD = new Set([
  "session.status", "session.idle", "session.error", "permission.asked", "permission.updated",
  "permission.replied", "question.asked", "question.replied", "question.rejected",
]);
const subagents = new Set(), failed = new Set(), asked = new Set(), busy = new Set(), words = new Map();
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

const event = async ({ event: { type, properties } }) => {
  const { info, part, sessionID } = properties ?? {};
  if (info?.parentID && type.startsWith("session.")) subagents.add(info.id);
  if (type === "message.updated" && info?.role === "user") asked.add(info.id);
  if (type === "message.part.updated" && part?.type === "text" && !asked.has(part.messageID))
    words.set(part.sessionID, part.text);
  if (!TOLD.has(type)) return;
  // It is said at every step, and once is enough: what follows waits until this is told.
  if (type !== "session.status") busy.delete(sessionID);
  else if (properties.status?.type === "idle" || busy.has(sessionID)) return;
  else busy.add(sessionID);
  // A turn that failed is idle afterwards: that says nothing more.
  if (type === "session.idle" && failed.delete(sessionID)) return;
  if (type === "session.error") failed.add(sessionID);
  const agent_id = subagents.has(sessionID) ? sessionID : undefined;
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
