import { useState } from "preact/hooks";
import type { Troubled } from "../api";
import { useSay } from "../language";

type View = "asJson" | "asText" | "asHex";

const longest = 200_000;

export function bytesOf(message: Troubled): Uint8Array {
  if (message.payload !== undefined) return new TextEncoder().encode(message.payload);
  return Uint8Array.from(atob(message.payload_base64 ?? ""), (character) => character.charCodeAt(0));
}

/** Indented without being parsed into numbers: 12345678901234567890 must stay what it is. */
export function indented(text: string): string | null {
  try {
    JSON.parse(text);
  } catch {
    return null;
  }
  let out = "";
  let depth = 0;
  const line = () => "\n" + "  ".repeat(depth);
  for (const token of text.match(/"(?:\\.|[^"\\])*"|[{}[\]:,]|[^\s{}[\]:,"]+/gs) ?? []) {
    if (token === "{" || token === "[") {
      depth += 1;
      out += token + line();
    } else if (token === "}" || token === "]") {
      depth -= 1;
      out = out.trimEnd() + (/[[{]$/.test(out.trimEnd()) ? "" : line()) + token;
    } else {
      out += token === "," ? "," + line() : token === ":" ? ": " : token;
    }
  }
  return out;
}

export function hexOf(bytes: Uint8Array): string {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length && at < longest / 4; at += 16) {
    const part = [...bytes.subarray(at, at + 16)];
    const hex = part.map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
    const text = part.map((byte) => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : ".")).join("");
    lines.push(`${at.toString(16).padStart(8, "0")}  ${hex.padEnd(47)}  ${text}`);
  }
  return lines.join("\n");
}

/** Shown as text only, whatever it is: nothing of it becomes part of the page. */
export function Payload({ message }: { message: Troubled }) {
  const say = useSay();
  const bytes = bytesOf(message);
  const text = new TextDecoder().decode(bytes);
  const json = message.payload === undefined ? null : indented(text);
  const [view, setView] = useState<View>(json !== null ? "asJson" : message.payload === undefined ? "asHex" : "asText");
  const shown = view === "asHex" ? hexOf(bytes) : ((view === "asJson" ? json : null) ?? text);
  return (
    <section>
      <h2>{say("payload")} <small>{say("bytes", { count: bytes.length.toLocaleString("en") })} {message.content_type}</small></h2>
      <div class="row" role="group">
        {(["asJson", "asText", "asHex"] as View[]).map((one) => (
          <button type="button" disabled={one === "asJson" && json === null} aria-pressed={view === one} onClick={() => setView(one)}>{say(one)}</button>
        ))}
      </div>
      <pre tabIndex={0}>{shown.slice(0, longest)}{shown.length > longest ? "\n…" : ""}</pre>
    </section>
  );
}
