import type { Problem } from "../api";
import { useSay } from "../language";
import { span } from "../format";

/** Said aloud when it appears; the page goes on with what it had. `acting`: it was asked to change something. */
export function Trouble({ problem, age, acting = false }: { problem?: Problem; age?: number; acting?: boolean }) {
  const say = useSay();
  if (!problem) return null;
  const silence = acting ? say("unanswered") : `${say("unreachable")} ${age === undefined ? "" : say("shownAge", { age: span(age) })}`;
  return <p class="trouble" role="alert">{problem.status === 0 ? silence : problem.message}</p>;
}
