// Resend, drop and restore: always with what it would do first.

import { useEffect, useRef, useState } from "preact/hooks";
import { post, postOnce, type Operation, type OperationOrder, type Plan } from "../api";
import { useAttempt } from "../attempt";
import { useSay } from "../language";
import { go, href } from "../place";
import { Trouble } from "./trouble";

export interface Asked { act: "resend" | "drop" | "restore"; ids?: string[]; q?: string; all?: boolean; store: string }

function orderOf(asked: Asked, form: HTMLFormElement): OperationOrder {
  const field = (name: string) => (form.elements.namedItem(name) as HTMLInputElement | null)?.value.trim() ?? "";
  const order: OperationOrder = { act: asked.act, store: asked.store, why: field("why") };
  if (asked.ids) order.ids = asked.ids;
  if (asked.q) order.q = asked.q;
  if (!asked.ids && !asked.q) order.all = true;
  if (asked.act !== "resend") return order;
  order.rate = Number(field("rate"));
  order.steps = field("steps").split(",").map((one) => one.trim()).filter(Boolean).map(Number);
  order.skip_consumed = (form.elements.namedItem("skip") as HTMLInputElement).checked;
  return order;
}

function PlanText({ plan, stale }: { plan: Plan; stale: boolean }) {
  const say = useSay();
  return (
    <div role="status" class={stale ? "stale" : ""}><ul class="plan">
      <li><strong>{say("planCount", { count: plan.count.toLocaleString("en") })}</strong>{plan.seconds !== null && plan.count > 0 ? `, ${say("planSeconds", { seconds: Math.ceil(plan.seconds) })}` : ""}</li>
      {Object.entries(plan.destinations).map(([where, count]) => <li>{say("planTo", { count, where })}</li>)}
      {Object.entries(plan.cannot_go).map(([why, count]) => <li class="warning">{say("planHopeless", { count, why })}</li>)}
      {plan.consumed ? <li>{say("planConsumed", { count: plan.consumed })}</li> : null}
    </ul></div>
  );
}

export function BulkDialog({ asked, close }: { asked: Asked; close: () => void }) {
  const say = useSay();
  const dialog = useRef<HTMLDialogElement>(null);
  const form = useRef<HTMLFormElement>(null);
  const [plan, setPlan] = useState<Plan>();
  const [stale, setStale] = useState(false);  // something was changed since: it stays, so that nothing moves under the mouse
  const { busy, problem, attempt } = useAttempt();
  const dryRun = () => attempt(async () => {
    setPlan((await post<{ plan: Plan }>("operations", { ...orderOf(asked, form.current!), dry_run: true })).plan);
    setStale(false);
  });
  const start = () => attempt(async () => {
    const begun = await postOnce<Operation>("operations", orderOf(asked, form.current!));
    close();
    go(href(["operations", begun.id], { store: asked.store }));
  });
  useEffect(() => {
    dialog.current?.showModal();
    void dryRun();
  }, []);
  return (
    <dialog ref={dialog} onClose={close} aria-labelledby="bulk-title">
      <form ref={form} method="dialog" onInput={(event) => (event.target as HTMLInputElement).name !== "why" && setStale(true)} onSubmit={(event) => { event.preventDefault(); void (plan && !stale ? start() : dryRun()); }}>
        <h2 id="bulk-title">{say(asked.act)}</h2>
        {asked.act === "resend" ? (
          <>
            <label>{say("perSecond")} <input name="rate" type="number" min="0" max="1000000" step="any" value="500" required /></label>
            <label>{say("steps")} <input name="steps" pattern="[0-9, ]*" placeholder={say("stepsHint")} /></label>
            <label class="check"><input name="skip" type="checkbox" /> {say("skipConsumed")}</label>
          </>
        ) : null}
        <label>{say("why")} <input name="why" maxLength={1000} required={!!plan} autofocus /></label>
        {plan ? <><h3>{say("plan")}</h3><PlanText plan={plan} stale={stale} /></> : null}
        <Trouble problem={problem} acting />
        <div class="row">
          <button type="button" onClick={dryRun} disabled={busy}>{say("dryRun")}</button>
          <button type="submit" class="main" disabled={busy || !plan || stale || plan.count === 0}>{say("start")}</button>
          <button type="button" onClick={close}>{say("cancel")}</button>
        </div>
      </form>
    </dialog>
  );
}
