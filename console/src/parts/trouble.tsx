import type { Problem } from "../api";
import { useSay } from "../language";
import { span } from "../format";

/** Said aloud when it appears; the page goes on with what it had. */
export function Trouble({ problem, age }: { problem?: Problem; age?: number }) {
  const say = useSay();
  if (!problem) return null;
  const text = problem.status === 0 ? say("unreachable", { age: span(age) }) : problem.message;
  return <p class="trouble" role="alert">{text}</p>;
}
