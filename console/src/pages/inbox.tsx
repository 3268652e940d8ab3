import { query, type Conflict, type Consumer, type Me, type Sync } from "../api";
import { grouped, span, when } from "../format";
import { useSay } from "../language";
import { Command } from "../parts/command";
import { Table } from "../parts/table";
import { Trouble } from "../parts/trouble";
import { href, type Place } from "../place";
import { usePoll } from "../poll";

function Side({ title, side, store }: { title: string; side: Conflict["kept"]; store: string }) {
  const say = useSay();
  return (
    <div>
      <h3>{title}</h3>
      <dl class="fields">
        <dt>{say("at")}</dt><dd>{side.at ? when(side.at) : "–"}</dd>
        <dt>{say("id")}</dt><dd>{side.message_id ? <a href={href(["messages", side.message_id], { store })}>{side.message_id}</a> : "–"}</dd>
        <dt>{say("digest")}</dt><dd><code>{side.digest || "–"}</code></dd>
      </dl>
    </div>
  );
}

/** Both versions beside each other: a person has to say which is right. */
function Conflicts({ conflicts, store }: { conflicts: Conflict[]; store: string }) {
  const say = useSay();
  if (conflicts.length === 0) return <p class="quiet">{say("nothing")}</p>;
  return <>{conflicts.map((one) => (
    <article class="card" key={one.seq} aria-label={`${one.consumer} ${one.unique_id} ${one.fingerprint}`}>
      <h3>{one.consumer}: <code>{one.unique_id}</code> · <code>{one.fingerprint}</code></h3>
      <div class="sides"><Side title={say("kept")} side={one.kept} store={store} /><Side title={say("refused")} side={one.refused} store={store} /></div>
    </article>
  ))}</>;
}

function Syncs() {
  const say = useSay();
  const { value } = usePoll<{ syncs: Sync[] }>("syncs", 3);
  if (!value || value.syncs.length === 0) return null;
  return (
    <section>
      <h2>{say("syncs")}</h2>
      <Table<Sync> caption={say("syncs")} rows={value.syncs} name={(one) => one.name} columns={[
        { title: say("sync"), cell: (one) => one.name },
        { title: say("lag"), cell: (one) => (one.error === null ? span(one.lag_seconds ?? null) : "–"), numeric: true },
        { title: say("sending"), cell: (one) => grouped(one.waiting ?? null), numeric: true },
        { title: say("applied"), cell: (one) => grouped(one.applied ?? null), numeric: true },
        { title: say("parked"), cell: (one) => <span class={one.parked ? "bad" : ""}>{grouped(one.parked ?? null)}</span>, numeric: true },
        { title: say("mismatches"), cell: (one) => one.error ?? one.mismatches?.map((two) => `${two.command}: ${two.redis} ≠ ${two.sql}`).join(" · ") ?? "", wide: true },
      ]} />
    </section>
  );
}

export function Inbox({ place, me }: { place: Place; me: Me }) {
  const say = useSay();
  const store = place.query.get("store") || me.stores[0] || "";
  const after = place.query.get("after") ?? "";
  const consumers = usePoll<{ consumers: Consumer[] }>(query("inbox", { store }), 10);
  const conflicts = usePoll<{ conflicts: Conflict[]; next: number | null }>(me.topics ? null : query("inbox/conflicts", { store, after, limit: 50 }), 10);
  return (
    <main>
      <h1>{say("inbox")}</h1>
      {me.stores.length > 1 ? <div class="row">{me.stores.map((one) => <a class="button" aria-current={one === store ? "true" : undefined} href={href(["inbox"], { store: one })}>{one}</a>)}</div> : null}
      <Trouble problem={consumers.problem ?? conflicts.problem} />
      <section>
        <h2>{say("consumers")}</h2>
        {consumers.value ? <Table<Consumer> caption={say("consumers")} rows={consumers.value.consumers} name={(one) => one.consumer} columns={[
          { title: say("consumer"), cell: (one) => one.consumer },
          { title: say("marks"), cell: (one) => (one.is_estimate ? "~ " : "") + grouped(one.marks), numeric: true },
          { title: say("conflicts"), cell: (one) => <span class={one.conflicts ? "bad" : ""}>{grouped(one.conflicts)}</span>, numeric: true },
          { title: say("oldestMark"), cell: (one) => (one.oldest_kept ? when(one.oldest_kept) : "–") },
          { title: say("expiredBefore"), cell: (one) => (one.expired_before ? when(one.expired_before) : "–") },
        ]} /> : <p class="quiet">{say("loading")}</p>}
      </section>
      <section>
        <h2>{say("conflicts")} <small>{say("conflictMeans")}</small></h2>
        {conflicts.value ? <Conflicts conflicts={conflicts.value.conflicts} store={store} /> : null}
        {conflicts.value?.next ? <a class="button" href={href(["inbox"], { store, after: String(conflicts.value.next) })}>{say("more")}</a> : null}
      </section>
      <Syncs />
      <Command text="waybill inbox list --conflicts" />
    </main>
  );
}
