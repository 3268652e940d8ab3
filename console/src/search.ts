// The language of the search line, as docs/reference/cli.md explains it: conditions NAME:VALUE with spaces between.

import type { Group, Troubled } from "./api";

const names = ["topic", "key", "reason", "cause", "since", "until", "id"] as const;
const spans = ["15m", "1h", "24h", "7d"];
const most = 20;

/** A condition; a value with spaces stands in quotes. */
export const condition = (name: string, value: string): string => (/[\s"]/.test(value) || value === "" ? `${name}:"${value.replaceAll('"', "")}"` : `${name}:${value}`);

/** Values that are there, for those conditions that have few. */
function valuesOf(name: string, groups: Group[], messages: Troubled[]): string[] {
  switch (name) {
    case "topic": return [...groups.map((group) => group.route), ...messages.map((message) => message.topic)];
    case "key": return messages.map((message) => message.key ?? "");
    case "reason": return groups.map((group) => group.reason);
    case "since": case "until": return spans;
    default: return [];
  }
}

/** The line as it could go on: with the names of conditions, or behind a name with its values. */
export function completions(line: string, groups: Group[], messages: Troubled[]): string[] {
  const start = line.lastIndexOf(" ") + 1;
  const [before, word] = [line.slice(0, start), line.slice(start)];
  const colon = word.indexOf(":");
  const candidates = colon < 0 ? names.map((name) => `${name}:`)
    : valuesOf(word.slice(0, colon), groups, messages).filter((value) => value !== "").map((value) => condition(word.slice(0, colon), value));
  const fitting = candidates.filter((candidate) => candidate.startsWith(word) && candidate !== word);
  return [...new Set(fitting)].slice(0, most).map((candidate) => before + candidate);
}
