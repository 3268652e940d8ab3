import { useEffect, useState } from "preact/hooks";
import { get, Problem, query } from "../api";
import { useSay } from "../language";
import { indented } from "./payload";
import { Trouble } from "./trouble";

/** The payload as a program reads it. Asked for once: it is run for each question. */
export function Decoded({ id, store, decoder }: { id: string; store: string; decoder: string }) {
  const say = useSay();
  const [text, setText] = useState<string>();
  const [problem, setProblem] = useState<Problem>();
  useEffect(() => {
    get<{ text: string }>(query(`messages/${encodeURIComponent(id)}/decoded`, { store })).then(
      (answer) => setText(answer.text),
      (error) => setProblem(error instanceof Problem ? error : new Problem(0, String(error))),
    );
  }, [id, store, decoder]);
  return (
    <section>
      <h2>{say("decoded", { name: decoder })}</h2>
      <Trouble problem={problem} />
      {text === undefined ? null : <pre tabIndex={0}>{indented(text) ?? text}</pre>}
    </section>
  );
}
