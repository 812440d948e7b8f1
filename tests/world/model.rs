//! A stand-in for the servers of models: it speaks as they do, and does what the task tells it to.
//!
//! A task says `please run: COMMAND` to have the agent's shell tool called, `please call: TOOL {…}` for any other of
//! its tools, `please fail` to be refused, and anything else, such as `please answer`, to be answered. The answer names what the tool gave, if one was called.

use crate::server::{Reply, Request, Server};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

/// What an agent is refused with.
pub const REFUSAL: &str = "the stand-in refuses";

/// A running stand-in; it ends when it is dropped.
pub struct Model {
    server: Server,
    asked: Arc<Mutex<Vec<Value>>>,
}

/// What an agent says since it was last answered.
struct Turn {
    task: String,
    result: Option<String>,
    has_tools: bool,
}

impl Model {
    /// Starts one.
    pub fn start() -> Self {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let told = asked.clone();
        let server = Server::start(move |request| {
            if !request.line.starts_with("POST ") {
                return Reply::bare(200);
            }
            let body = request.json();
            let reply = answer(request, &body);
            // Agents also ask for a title and the like, without tools: that is no turn.
            if has_any(&body["tools"]) {
                told.lock().unwrap_or_else(|e| e.into_inner()).push(body);
            }
            reply
        });
        Self { server, asked }
    }

    /// Where it is.
    pub fn url(&self) -> &str {
        self.server.url()
    }

    /// The last turn that holds this text, with all that went before it in its conversation.
    #[track_caller]
    pub fn turn(&self, text: &str) -> String {
        let asked = self.asked.lock().unwrap_or_else(|e| e.into_inner());
        let turn = asked.iter().rev().map(Value::to_string).find(|turn| turn.contains(text));
        turn.unwrap_or_else(|| panic!("no turn says {text:?}"))
    }
}

fn answer(request: &Request, body: &Value) -> Reply {
    match request.line.split(['/', '?']).next_back() {
        Some("messages") => messages(body),
        Some("responses") => responses(body),
        Some("completions") => completions(body),
        _ => Reply::error(404, "the stand-in does not know this"),
    }
}

/// The Messages API of Anthropic.
fn messages(body: &Value) -> Reply {
    let turn = Turn::of(body["messages"].as_array().map_or(&[], Vec::as_slice), &body["tools"]);
    if turn.fails() {
        let error = json!({ "type": "invalid_request_error", "message": REFUSAL });
        return Reply::json(400, &json!({ "type": "error", "error": error }));
    }
    let shell = |command: &str| json!({ "command": command, "description": "what the task says" });
    let (block, delta, reason) = match turn.call("Bash", shell) {
        Some((tool, input)) => {
            let id = format!("toolu_{:016x}", number_of(body));
            (
                json!({ "type": "tool_use", "id": id, "name": tool, "input": {} }),
                json!({ "type": "input_json_delta", "partial_json": input }),
                "tool_use",
            )
        }
        None => {
            let text = json!({ "type": "text_delta", "text": turn.answer() });
            (json!({ "type": "text", "text": "" }), text, "end_turn")
        }
    };
    let message = json!({
        "id": format!("msg_{:016x}", number_of(body)), "type": "message", "role": "assistant", "model": body["model"], "content": [],
        "stop_reason": null, "stop_sequence": null, "usage": { "input_tokens": 1, "output_tokens": 1 },
    });
    stream(&[
        json!({ "type": "message_start", "message": message }),
        json!({ "type": "content_block_start", "index": 0, "content_block": block }),
        json!({ "type": "content_block_delta", "index": 0, "delta": delta }),
        json!({ "type": "content_block_stop", "index": 0 }),
        json!({
            "type": "message_delta", "delta": { "stop_reason": reason, "stop_sequence": null },
            "usage": { "output_tokens": 1 },
        }),
        json!({ "type": "message_stop" }),
    ])
}

/// The Responses API of OpenAI.
fn responses(body: &Value) -> Reply {
    let turn = Turn::of(body["input"].as_array().map_or(&[], Vec::as_slice), &body["tools"]);
    if turn.fails() {
        return refusal();
    }
    let (id, call) = (format!("resp_{:016x}", number_of(body)), format!("call_{:016x}", number_of(body)));
    let why = "the task says so";
    let shell = |command: &str| json!({ "cmd": command, "sandbox_permissions": "require_escalated", "justification": why });
    let item = match turn.call("exec_command", shell) {
        Some((tool, arguments)) => {
            // Tools of servers stand in a namespace here, which others write before the name.
            let (space, name) =
                tool.rsplit_once("__").map_or((None, &*tool), |(space, name)| (Some(space), name));
            json!({
                "type": "function_call", "call_id": call, "namespace": space, "name": name, "arguments": arguments,
            })
        }
        None => {
            let content = json!([{ "type": "output_text", "text": turn.answer() }]);
            json!({ "type": "message", "id": id, "role": "assistant", "content": content })
        }
    };
    let usage = json!({ "input_tokens": 1, "output_tokens": 1, "total_tokens": 2 });
    stream(&[
        json!({ "type": "response.created", "response": { "id": id } }),
        json!({ "type": "response.output_item.done", "output_index": 0, "item": item }),
        json!({ "type": "response.completed", "response": { "id": id, "usage": usage } }),
    ])
}

/// The older API of OpenAI, which many servers speak.
fn completions(body: &Value) -> Reply {
    let turn = Turn::of(body["messages"].as_array().map_or(&[], Vec::as_slice), &body["tools"]);
    if turn.fails() {
        return refusal();
    }
    let shell = |command: &str| json!({ "command": command, "description": "what the task says" });
    let (delta, reason) = match turn.call("bash", shell) {
        Some((tool, arguments)) => {
            let function = json!({ "name": tool, "arguments": arguments });
            let id = format!("call_{:016x}", number_of(body));
            let call = json!([{ "index": 0, "id": id, "type": "function", "function": function }]);
            (json!({ "role": "assistant", "tool_calls": call }), "tool_calls")
        }
        None => (json!({ "role": "assistant", "content": turn.answer() }), "stop"),
    };
    let chunk = |delta: Value, reason: Value| {
        let choice = json!([{ "index": 0, "delta": delta, "finish_reason": reason }]);
        let usage = json!({ "prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2 });
        let kind = "chat.completion.chunk";
        json!({ "id": "1", "object": kind, "created": 1, "model": "m", "choices": choice, "usage": usage })
    };
    let chunks = [chunk(delta, Value::Null), chunk(json!({}), json!(reason)), json!("[DONE]")];
    let line =
        |chunk: &Value| format!("data: {}\n\n", chunk.as_str().map_or(chunk.to_string(), String::from));
    Reply { body: chunks.iter().map(line).collect(), ..stream(&[]) }
}

fn refusal() -> Reply {
    let error = json!({ "message": REFUSAL, "type": "invalid_request_error" });
    Reply::json(400, &json!({ "error": error }))
}

/// Events as a server sends them, each named by its type.
fn stream(events: &[Value]) -> Reply {
    let line = |event: &Value| format!("event: {}\ndata: {event}\n\n", event["type"].as_str().unwrap_or(""));
    let headers = vec![("Content-Type".to_string(), "text/event-stream".to_string())];
    Reply { status: 200, headers, body: events.iter().map(line).collect() }
}

/// A number that differs from question to question: agents take answers of one id for parts of one.
fn number_of(body: &Value) -> u64 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    body.to_string().hash(&mut hasher);
    hasher.finish()
}

impl Turn {
    fn of(messages: &[Value], tools: &Value) -> Self {
        let spoken = messages.iter().rposition(|message| message["role"] == "assistant");
        let mut turn = Self { task: String::new(), result: None, has_tools: has_any(tools) };
        for message in &messages[spoken.map_or(0, |at| at + 1)..] {
            match &message["content"] {
                _ if message["type"] == "function_call_output" => {
                    turn.result = Some(message["output"].to_string())
                }
                given if message["role"] == "tool" => turn.result = Some(given.to_string()),
                Value::String(text) => turn.task += text,
                Value::Array(blocks) => blocks.iter().for_each(|block| turn.take(block)),
                _ => {}
            }
        }
        turn
    }

    fn take(&mut self, block: &Value) {
        match block["type"].as_str() {
            Some("tool_result") => self.result = Some(block["content"].to_string()),
            _ => self.task += block["text"].as_str().unwrap_or_default(),
        }
    }

    fn fails(&self) -> bool {
        // An answer that failed is no part of the conversation: the task after it comes along with the one before.
        let last = |words: &str| self.task.rfind(words).map_or(0, |at| at + 1);
        self.has_tools && self.result.is_none() && last("please fail") > last("please answer")
    }

    /// The tool that the task wants called, and what it is given: the agent's shell is called by its own name.
    fn call(&self, shell: &str, given: impl Fn(&str) -> Value) -> Option<(String, String)> {
        let wanted = |words: &str| {
            let rest = self.task.split(words).nth(1).filter(|_| self.has_tools && self.result.is_none())?;
            rest.split(['\n', ';']).next()
        };
        match wanted("please call: ").and_then(|call| call.split_once(' ')) {
            Some((tool, given)) => Some((tool.to_string(), given.to_string())),
            None => wanted("please run: ").map(|command| (shell.to_string(), given(command).to_string())),
        }
    }

    fn answer(&self) -> String {
        match &self.result {
            Some(result) => format!("The tool gave {}", result.trim_matches('"')),
            None => "All is well.".into(),
        }
    }
}

fn has_any(tools: &Value) -> bool {
    tools.as_array().is_some_and(|tools| !tools.is_empty())
}
