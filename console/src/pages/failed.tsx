import { useEffect, useRef, useState } from "preact/hooks";
import { query, rightFor, type Group, type Me, type Troubled } from "../api";
import { grouped, quoted, when } from "../format";
import { useSay } from "../language";
import { BulkDialog, type Asked } from "../parts/bulk";
import { CauseLife } from "../parts/cause_life";
import { Command } from "../parts/command";
import { Table } from "../parts/table";
import { Trouble } from "../parts/trouble";
import { go, href, type Place } from "../place";
import { completions, condition } from "../search";
import { usePoll } from "../poll";
import { useKeys } from "../keys";

const page = 50;

/** The longest part of an answer that its normalised form left as it was. */
const stable = (answer: string): string => answer.split("#").reduce((longest, part) => (part.length > longest.length ? part : longest), "").trim();

function causeOf(group: Group): string {
  const answer = stable(group.answer);
  return [condition("reason", group.reason), answer && !answer.includes('"') ? condition("cause", answer) : ""].filter(Boolean).join(" ");
}

export function Failed({ place, me }: { place: Place; me: Me }) {
  const say = useSay();
  const store = place.query.get("store") || me.stores[0] || "";
  const q = place.query.get("q") ?? "";
  const state = place.query.get("state") === "dropped" ? "dropped" : "failed";
  const after = place.query.get("after") ?? "";
  const [text, setText] = useState(q);
  const [chosen, setChosen] = useState<Set<string>>(new Set());
  const [at, setAt] = useState(0);
  const [asked, setAsked] = useState<Asked>();
  const box = useRef<HTMLInputElement>(null);
  const listed = usePoll<{ messages: Troubled[]; next: string | null }>(query("failed", { q, state, store, limit: page, after }), 5);
  const groups = usePoll<{ groups: Group[] }>(query("failed/groups", { q, state, store }), 10);
  const messages = listed.value?.messages ?? [];
  // Only then: turning the page must not take away what somebody has begun to type.
  useEffect(() => setText(q), [q]);
  useEffect(() => {
    setAt(0);
    setChosen(new Set());
  }, [q, state, store, after]);
  const show = (changes: Record<string, string>) => go(href(["failed"], { q, state: state === "failed" ? "" : state, store, after: "", ...changes }));
  const toggle = (id: string) => setChosen((before) => {
    const next = new Set(before);
    next.has(id) ? next.delete(id) : next.add(id);
    return next;
  });
  const act = (what: Asked["act"], some: boolean) => setAsked(some ? { act: what, ids: [...chosen], store } : { act: what, q, store });
  const may = (act: Asked["act"]) => me.may.includes(rightFor(act));
  const acts: Asked["act"][] = state === "failed" ? (["resend", "drop"] as const).filter(may) : may("restore") ? ["restore"] : [];
  useKeys({
    "/": () => box.current?.focus(),
    j: () => setAt((now) => Math.min(now + 1, messages.length - 1)),
    k: () => setAt((now) => Math.max(now - 1, 0)),
    x: () => messages[at] && toggle(messages[at].id),
    Enter: () => messages[at] && go(href(["messages", messages[at].id], { store })),
    r: () => acts[0] && acts[0] !== "drop" && messages.length > 0 && act(acts[0], chosen.size > 0),
  });
  return (
    <main>
      <h1>{say(state)}</h1>
      <form class="row" role="search" onSubmit={(event) => { event.preventDefault(); show({ q: text.trim() }); }}>
        <input ref={box} type="search" class="search" aria-label={say("search")} placeholder={say("search")} list="completions" value={text} onInput={(event) => setText(event.currentTarget.value)} />
        <datalist id="completions">{completions(text, groups.value?.groups ?? [], messages).map((line) => <option value={line} />)}</datalist>
        <button type="submit">{say("find")}</button>
        <button type="button" aria-pressed={state === "dropped"} onClick={() => show({ state: state === "dropped" ? "" : "dropped" })}>{say("dropped")}</button>
        {me.stores.length > 1 ? (
          <select aria-label={say("store")} value={store} onChange={(event) => show({ store: event.currentTarget.value })}>{me.stores.map((name) => <option>{name}</option>)}</select>
        ) : null}
      </form>
      <Trouble problem={listed.problem} />
      <section>
        <h2>{say("causes")}</h2>
        <Table<Group> caption={say("causes")} rows={groups.value?.groups ?? []} name={(group) => group.sample_id + group.reason} columns={[
          { title: say("count"), cell: (group) => grouped(group.count), numeric: true },
          { title: say("state"), cell: (group) => <CauseLife group={group} store={store} may={me.role === "operator"} done={groups.again} /> },
          { title: say("route"), cell: (group) => group.route || "–" },
          { title: say("reason"), cell: (group) => <><a href={href(["failed"], { q: causeOf(group), state: state === "failed" ? "" : state, store })}>{group.reason}</a>{group.remedy ? <small class="detail">{group.means} {group.remedy}</small> : null}</>, wide: true },
          { title: say("answer"), cell: (group) => <code>{group.answer}</code>, wide: true },
          { title: say("first"), cell: (group) => when(group.first) },
          { title: say("last"), cell: (group) => when(group.last) },
          { title: say("sample"), cell: (group) => <a href={href(["messages", group.sample_id], { store })}>{group.sample_id}</a> },
        ]} />
      </section>
      <section>
        <h2>{say("messages")}</h2>
        {acts.length > 0 && messages.length > 0 ? (
          <div class="row">
            {acts.map((one) => <button type="button" disabled={chosen.size === 0} onClick={() => act(one, true)}>{say(one)}</button>)}
            {acts.map((one) => <button type="button" onClick={() => act(one, false)}>{say(`${one}All`)}</button>)}
            <span class="quiet" role="status">{chosen.size > 0 ? say("selected", { count: chosen.size }) : ""}</span>
          </div>
        ) : null}
        {listed.value ? (
          <Table<Troubled> caption={say("messages")} rows={messages} name={(message) => message.id} marked={(_, index) => index === at} columns={[
            ...(acts.length > 0 ? [{ title: say("select"), cell: (message: Troubled) => <input type="checkbox" aria-label={`${say("select")} ${message.id}`} checked={chosen.has(message.id)} onChange={() => toggle(message.id)} /> }] : []),
            { title: say("id"), cell: (message) => <a href={href(["messages", message.id], { store })}>{message.id}</a> },
            { title: say("topic"), cell: (message) => message.topic },
            { title: say("key"), cell: (message) => message.key ?? "–" },
            { title: say("tries"), cell: (message) => message.tries, numeric: true },
            { title: say("reason"), cell: (message) => message.reason },
            { title: say("changed"), cell: (message) => when(message.changed_at) },
            { title: say("answer"), cell: (message) => <code>{message.answer}</code>, wide: true },
          ]} />
        ) : listed.problem ? null : <p class="quiet">{say("loading")}</p>}
        <div class="row">
          {after ? <a class="button" href={href(["failed"], { q, store, state: state === "failed" ? "" : state })}>{say("back")}</a> : null}
          {listed.value?.next ? <a class="button" href={href(["failed"], { q, store, state: state === "failed" ? "" : state, after: listed.value.next })}>{say("more")}</a> : null}
        </div>
      </section>
      <Command text={`waybill failed list${state === "dropped" ? " --state dropped" : ""}${q ? ` ${quoted(q)}` : ""}`} />
      {asked ? <BulkDialog asked={asked} close={() => setAsked(undefined)} /> : null}
    </main>
  );
}
