// Loaded before the scripts that read a stream: the chat's answer, the questions of a new quiz.

"use strict";

// Server-sent events of a response body, as [name, data]. A piece may end anywhere, also inside a character.
async function* serverSentEvents(body) {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const frames = (rest + decoder.decode(value, { stream: true })).split("\n\n");
    rest = frames.pop();
    for (const frame of frames) {
      const field = (name) => (frame.split("\n").find((line) => line.startsWith(name)) || "").slice(name.length);
      if (field("data: ")) yield [field("event: "), JSON.parse(field("data: "))];
    }
  }
}
