// A failed message that can't go as it is: changed, and sent as a new one in place of it.

import { useEffect, useRef, useState } from "preact/hooks";
import { post, type Edited, type Troubled } from "../api";
import { useAttempt } from "../attempt";
import { useSay } from "../language";
import { go, href } from "../place";
import { Trouble } from "./trouble";

const lines = (headers: Record<string, string> = {}): string => Object.entries(headers).map(([name, value]) => `${name}: ${value}`).join("\n");

function headersOf(text: string): Record<string, string> {
  const pairs = text.split("\n").filter((line) => line.trim()).map((line): [string, string] => {
    const at = line.indexOf(":");
    return at < 0 ? [line.trim(), ""] : [line.slice(0, at).trim(), line.slice(at + 1).trim()];
  });
  return Object.fromEntries(pairs);
}

/** Only what was changed: what a form can't show as it is (a payload that is no text) stays untouched. */
function changes(message: Troubled, form: HTMLFormElement): Record<string, unknown> {
  const field = (name: string) => (form.elements.namedItem(name) as HTMLInputElement | HTMLTextAreaElement | null)?.value;
  const edit: Record<string, unknown> = {};
  if (field("topic") !== message.topic) edit["topic"] = field("topic");
  if (field("key") !== (message.key ?? "")) edit["key"] = field("key");
  if (field("type") !== (message.content_type ?? "")) edit["content_type"] = field("type");
  const headers = field("headers");
  if (headers !== undefined && headers !== lines(message.headers)) edit["headers"] = headersOf(headers);
  const payload = field("payload");
  if (payload !== undefined && payload !== message.payload) edit["payload"] = payload;
  return edit;
}

export function EditDialog({ message, masked, store, close }: { message: Troubled; masked: boolean; store: string; close: () => void }) {
  const say = useSay();
  const dialog = useRef<HTMLDialogElement>(null);
  const form = useRef<HTMLFormElement>(null);
  const [plan, setPlan] = useState<Edited>();
  const { busy, problem, attempt } = useAttempt();
  useEffect(() => dialog.current?.showModal(), []);
  const path = `messages/${encodeURIComponent(message.id)}/edit`;
  // A carriage return is lost in a text area, so such a payload is not edited as text.
  const isText = !masked && message.payload !== undefined && !message.payload.includes("\r");
  const dryRun = () => attempt(async () => setPlan(await post<Edited>(path, { ...changes(message, form.current!), store, dry_run: true })));
  const send = () => attempt(async () => {
    const why = (form.current!.elements.namedItem("why") as HTMLInputElement).value.trim();
    const sent = await post<Edited>(path, { ...changes(message, form.current!), store, why });
    close();
    go(href(["messages", sent.id ?? ""], { store }));
  });
  return (
    <dialog ref={dialog} class="large" onClose={close} aria-labelledby="edit-title">
      <form ref={form} method="dialog" onInput={(event) => (event.target as HTMLInputElement).name !== "why" && setPlan(undefined)} onSubmit={(event) => { event.preventDefault(); void (plan ? send() : dryRun()); }}>
        <h2 id="edit-title">{say("edit")}</h2>
        <p class="quiet">{say("editMeans")}</p>
        <label>{say("topic")} <input name="topic" required maxLength={255} defaultValue={message.topic} /></label>
        <label>{say("key")} <input name="key" maxLength={255} defaultValue={message.key ?? ""} /></label>
        <label>{say("contentType")} <input name="type" defaultValue={message.content_type ?? ""} /></label>
        {masked ? null : <label>{say("headers")} <textarea name="headers" rows={3} defaultValue={lines(message.headers)} /></label>}
        {isText ? <label>{say("payload")} <textarea name="payload" rows={10} defaultValue={message.payload} /></label> : <p class="quiet">{say(masked ? "maskedStays" : "payloadStays")}</p>}
        <label>{say("given")} <input name="why" maxLength={1000} required={!!plan} /></label>
        {plan?.route ? <p role="status"><strong>{say("editTo", { route: plan.route.route, broker: plan.route.broker, exchange: plan.route.exchange })}</strong></p> : null}
        <Trouble problem={problem} acting />
        <div class="row">
          <button type="button" onClick={dryRun} disabled={busy}>{say("dryRun")}</button>
          <button type="submit" class="main" disabled={busy || !plan}>{say("send")}</button>
          <button type="button" onClick={close}>{say("cancel")}</button>
        </div>
      </form>
    </dialog>
  );
}
