import { useSay } from "../language";
import type { Word } from "../words";

// A shape beside the word: colour alone tells nothing to many.
const shapes: Record<string, [string, string]> = {
  flowing: ["●", "good"], idle: ["○", "calm"], paused: ["‖", "warning"], stalled: ["▲", "warning"], down: ["✕", "bad"],
  waiting: ["○", "calm"], running: ["●", "good"], stopping: ["‖", "warning"], stopped: ["✕", "warning"], done: ["✓", "good"],
  sending: ["●", "good"], failed: ["✕", "bad"], dropped: ["–", "calm"], gone: ["✓", "good"],
  open: ["○", "warning"], taken: ["●", "good"], resolved: ["✓", "good"], returned: ["↺", "bad"],
};

export function State({ name }: { name: string }) {
  const say = useSay();
  const [shape, tone] = shapes[name] ?? ["?", "calm"];
  const words: Record<string, Word> = { paused: "pausedRoute", flowing: "flowing", idle: "idle", stalled: "stalled", down: "down",
    waiting: "waiting", running: "running", stopping: "stopping", stopped: "stopped", done: "done", failed: "failed", dropped: "dropped", sending: "inStore", gone: "gone",
    open: "open", taken: "taken", resolved: "resolved", returned: "returned" };
  const word = words[name];
  return <span class={`state ${tone}`}><span aria-hidden="true">{shape}</span> {word ? say(word) : name}</span>;
}
