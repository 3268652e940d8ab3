// An act on one thing, which needs nothing but a reason.

import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { useAttempt } from "../attempt";
import { useSay } from "../language";
import { Trouble } from "./trouble";

/** Asks for the reason, does the act and closes; a refusal stays and is said. */
export function ReasonDialog(props: { title: string; text: ComponentChildren; act: (why: string) => Promise<unknown>; close: () => void }) {
  const say = useSay();
  const dialog = useRef<HTMLDialogElement>(null);
  const { busy, problem, attempt } = useAttempt();
  useEffect(() => dialog.current?.showModal(), []);
  const submit = async (form: HTMLFormElement) => {
    const why = (form.elements.namedItem("why") as HTMLInputElement).value.trim();
    if (await attempt(() => props.act(why))) props.close();
  };
  return (
    <dialog ref={dialog} onClose={props.close} aria-labelledby="reason-title">
      <form method="dialog" onSubmit={(event) => { event.preventDefault(); void submit(event.currentTarget); }}>
        <h2 id="reason-title">{props.title}</h2>
        <p>{props.text}</p>
        <label>{say("given")} <input name="why" maxLength={1000} required autofocus /></label>
        <Trouble problem={problem} acting />
        <div class="row">
          <button type="submit" class="main" disabled={busy}>{props.title}</button>
          <button type="button" onClick={props.close}>{say("cancel")}</button>
        </div>
      </form>
    </dialog>
  );
}
