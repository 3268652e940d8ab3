import { useSay } from "../language";

/** What does the same in a shell. */
export function Command({ text }: { text: string }) {
  const say = useSay();
  return <p class="quiet command">{say("sameInShell")}: <code>{text}</code></p>;
}
