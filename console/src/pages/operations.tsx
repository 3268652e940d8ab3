import { useState } from "preact/hooks";
import { post, Problem, query, rightFor, type Me, type Operation } from "../api";
import { grouped, quoted, when } from "../format";
import { useSay } from "../language";
import { Command } from "../parts/command";
import { State } from "../parts/state";
import { Table } from "../parts/table";
import { Trouble } from "../parts/trouble";
import { href, type Place } from "../place";
import { usePoll } from "../poll";
import type { Word } from "../words";

const filterText = (operation: Operation): string =>
  operation.subject ?? (operation.filters.map((filter) => Object.entries(filter).map(([name, value]) => `${name}:${value}`).join(" ")).filter(Boolean).slice(0, 5).join(" · ") || "*");

/** Acts that are over at once are kept here too. */
const wordsOfDeeds: Record<string, Word> = { pause: "pauseRoute", resume: "resumeRoute", "add-shards": "addShards", "sync-retry": "syncRetry", "sync-drop": "syncDrop" };
const wordOf = (act: string): Word => wordsOfDeeds[act] ?? act as Word;

export function Operations({ place, me }: { place: Place; me: Me }) {
  const say = useSay();
  const store = place.query.get("store") || me.stores[0] || "";
  const before = place.query.get("before") ?? "";
  const { value, problem } = usePoll<{ operations: Operation[]; next: string | null }>(query("operations", { store, before, limit: 50 }), 3);
  return (
    <main>
      <h1>{say("operations")} <small>{say("newest")}</small></h1>
      <Trouble problem={problem} />
      {value ? (
        <Table<Operation> caption={say("operations")} rows={value.operations} name={(one) => one.id} columns={[
          { title: say("at2"), cell: (one) => <a href={href(["operations", one.id], { store })}>{when(one.created_at)}</a> },
          { title: say("act"), cell: (one) => say(wordOf(one.act)) },
          { title: say("state"), cell: (one) => <State name={one.state} /> },
          { title: say("done"), cell: (one) => say("progress", { done: grouped(one.looked_at), all: grouped(one.expected) }), numeric: true },
          { title: say("changedCount"), cell: (one) => grouped(one.changed), numeric: true },
          { title: say("who"), cell: (one) => one.who },
          { title: say("from"), cell: (one) => one.from },
          { title: say("filter"), cell: (one) => <code>{filterText(one)}</code>, wide: true },
          { title: say("given"), cell: (one) => one.why, wide: true },
        ]} />
      ) : problem ? null : <p class="quiet">{say("loading")}</p>}
      {value?.next ? <a class="button" href={href(["operations"], { store, before: value.next })}>{say("more")}</a> : null}
      <Command text="waybill operations list" />
    </main>
  );
}

export function OneOperation({ place, me }: { place: Place; me: Me }) {
  const say = useSay();
  const id = place.path[1] ?? "";
  const store = place.query.get("store") || me.stores[0] || "";
  const after = place.query.get("after") ?? "";
  const { value: one, problem, again } = usePoll<Operation>(query(`operations/${encodeURIComponent(id)}`, { store }), 1);
  const results = usePoll<{ results: { number: number; id: string; result: string }[]; next: number | null }>(query(`operations/${encodeURIComponent(id)}/results`, { store, after, limit: 100 }), 3);
  const [refused, setRefused] = useState<Problem>();
  const over = one?.state === "done" || one?.state === "stopped";
  const stop = async () => {
    try {
      await post(query(`operations/${encodeURIComponent(id)}/stop`, { store }), {});
    } catch (error) {
      setRefused(error instanceof Problem ? error : new Problem(0, String(error)));
    }
    again();
  };
  if (!one) return <main><h1 class="id">{id}</h1><Trouble problem={problem} />{problem ? null : <p class="quiet">{say("loading")}</p>}</main>;
  return (
    <main>
      <h1>{say(wordOf(one.act))} <State name={one.state} /></h1>
      <Trouble problem={problem} /><Trouble problem={refused} acting />
      <p><progress max={Math.max(one.expected, 1)} value={one.looked_at} aria-label={say("done")} /> {say("progress", { done: grouped(one.looked_at), all: grouped(one.expected) })}</p>
      {one.note ? <p class="trouble" role="status">{one.note}</p> : null}
      {me.may.includes(rightFor(one.act)) && !over ? <div class="row"><button type="button" onClick={stop}>{say("stop")}</button></div> : null}
      <dl class="fields">
        <dt>{say("changedCount")}</dt><dd>{grouped(one.changed)}</dd>
        <dt>{say("consumedCount")}</dt><dd>{grouped(one.consumed)}</dd>
        <dt>{say("hopelessCount")}</dt><dd>{grouped(one.cannot_go)}</dd>
        <dt>{say("leftAlone")}</dt><dd>{grouped(one.left_alone)}</dd>
        <dt>{say("failedAgain")}</dt><dd>{grouped(one.failed_again)}</dd>
        <dt>{say("who")}</dt><dd>{one.who}, {one.from}</dd>
        <dt>{say("why")}</dt><dd>{one.why || "–"}</dd>
        <dt>{say("messages")}</dt><dd><code>{filterText(one)}</code></dd>
        <dt>{say("perSecond")}</dt><dd>{one.rate || "–"}</dd>
        <dt>{say("steps")}</dt><dd>{one.steps.join(", ") || "–"}</dd>
        <dt>{say("runner")}</dt><dd>{one.runner ?? "–"}</dd>
        <dt>{say("at2")}</dt><dd>{when(one.created_at)}</dd>
      </dl>
      <section>
        <h2>{say("results")}</h2>
        <Table caption={say("results")} rows={results.value?.results ?? []} name={(row) => String(row.number)} columns={[
          { title: "#", cell: (row) => row.number, numeric: true },
          { title: say("id"), cell: (row) => <a href={href(["messages", row.id], { store })}>{row.id}</a> },
          { title: say("result"), cell: (row) => row.result, wide: true },
        ]} />
        {results.value?.next ? <a class="button" href={href(["operations", id], { store, after: String(results.value.next) })}>{say("more")}</a> : null}
      </section>
      <Command text={`waybill operations show ${quoted(id)} --results`} />
    </main>
  );
}
