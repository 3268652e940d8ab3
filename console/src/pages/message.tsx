import { useState } from "preact/hooks";
import { query, type Attempt, type Explanation, type Me, type Troubled } from "../api";
import { quoted, when } from "../format";
import { useSay } from "../language";
import { BulkDialog, type Asked } from "../parts/bulk";
import { Command } from "../parts/command";
import { Decoded } from "../parts/decoded";
import { EditDialog } from "../parts/edit";
import { Payload } from "../parts/payload";
import { State } from "../parts/state";
import { Table } from "../parts/table";
import { Trouble } from "../parts/trouble";
import { href, type Place } from "../place";
import { usePoll } from "../poll";

function Headers({ headers }: { headers: Record<string, string> }) {
  const say = useSay();
  const rows = Object.entries(headers);
  if (rows.length === 0) return null;
  return (
    <section>
      <h2>{say("headers")}</h2>
      <dl class="fields">{rows.map(([name, value]) => <><dt>{name}</dt><dd><code>{value}</code></dd></>)}</dl>
    </section>
  );
}

const hasPayload = (message: Troubled | null): boolean => message?.payload !== undefined || message?.payload_base64 !== undefined;

export function Message({ place, me }: { place: Place; me: Me }) {
  const say = useSay();
  const id = place.path[1] ?? "";
  const store = place.query.get("store") ?? "";
  const { value: told, problem } = usePoll<Explanation>(query(`messages/${encodeURIComponent(id)}`, { store }), 5);
  const [asked, setAsked] = useState<Asked>();
  const [editing, setEditing] = useState(false);
  const ask = (act: Asked["act"]) => setAsked({ act, ids: [id], store: told?.store ?? store });
  return (
    <main>
      <h1 class="id">{id}</h1>
      <Trouble problem={problem} />
      {told ? (
        <>
          <p><State name={told.state} /> {told.message ? <>{say("topic")} <strong>{told.message.topic}</strong>{told.message.key !== null ? <> · {say("key")} <strong>{told.message.key}</strong></> : null}</> : null}</p>
          <ul>{told.explanation.map((line) => <li>{line}</li>)}</ul>
          {told.next ? <p><strong>{say("next")}:</strong> {told.next}</p> : null}
          {told.blocked_by?.message ? <p><a href={href(["messages", told.blocked_by.message], { store: told.store })}>{say("waitsFor", { id: told.blocked_by.message })}</a></p> : null}
          {me.may.length > 0 ? (
            <div class="row">
              {told.state === "failed" && me.may.includes("resend") ? <button type="button" onClick={() => ask("resend")}>{say("resend")}</button> : null}
              {told.state === "failed" && me.may.includes("drop") ? <button type="button" onClick={() => ask("drop")}>{say("drop")}</button> : null}
              {told.state === "failed" && me.may.includes("edit") && !told.content_hidden ? <button type="button" onClick={() => setEditing(true)}>{say("edit")}</button> : null}
              {told.state === "dropped" && me.may.includes("drop") ? <button type="button" onClick={() => ask("restore")}>{say("restore")}</button> : null}
            </div>
          ) : null}
          <section>
            <h2>{say("timeline")}</h2>
            <Table<Attempt> caption={say("timeline")} rows={told.history} name={(one) => one.at + one.attempt + one.outcome} columns={[
              { title: say("at"), cell: (one) => when(one.at) },
              { title: say("attempt"), cell: (one) => one.attempt, numeric: true },
              { title: say("outcome"), cell: (one) => one.outcome },
              { title: say("answer"), cell: (one) => <code>{one.answer}</code>, wide: true },
              { title: say("endpoint"), cell: (one) => one.endpoint || "–" },
              { title: say("relay"), cell: (one) => one.relay },
            ]} />
          </section>
          {told.content_hidden ? <p class="quiet">{say("hidden")}</p> : null}
          {told.message?.headers ? <Headers headers={told.message.headers} /> : null}
          {told.content_masked ? <p class="quiet">{say(hasPayload(told.message) ? "masked" : "unmaskable")}</p> : null}
          {told.decoder && !told.content_hidden ? <Decoded key={id} id={id} store={told.store} decoder={told.decoder} /> : null}
          {told.message && hasPayload(told.message) ? <Payload message={told.message} /> : null}
        </>
      ) : problem ? null : <p class="quiet">{say("loading")}</p>}
      <Command text={`waybill explain ${quoted(id)}`} />
      {editing && told?.message ? <EditDialog message={told.message} masked={told.content_masked} store={told.store} close={() => setEditing(false)} /> : null}
      {asked ? <BulkDialog asked={asked} close={() => setAsked(undefined)} /> : null}
    </main>
  );
}
