import { useEffect, useRef, useState } from "preact/hooks";
import type { BrokerStatus, RouteStatus, Status } from "../api";
import { grouped, span } from "../format";
import { useSay } from "../language";
import { Chart, type Series } from "../parts/chart";
import { Command } from "../parts/command";
import { RouteActs } from "../parts/route_acts";
import { State } from "../parts/state";
import { Table } from "../parts/table";
import { Trouble } from "../parts/trouble";
import { href } from "../place";
import { usePoll } from "../poll";

const kept = 300;

interface Sample { at: number; rates: number[]; waiting: (number | null)[]; inFlight: number[]; oldest: (number | null)[] }

/** What was seen since the page was opened, for the lines. */
function useSamples(status?: Status): Sample[] {
  const [samples, setSamples] = useState<Sample[]>([]);
  useEffect(() => {
    if (!status) return;
    setSamples((before) => [...before, {
      at: Date.now() / 1000, rates: status.routes.map((one) => one.rate), waiting: status.stores.map((one) => one.sending),
      inFlight: status.routes.map((one) => one.in_flight), oldest: status.stores.map((one) => one.oldest_sending_seconds),
    }].slice(-kept));
  }, [status]);
  return samples;
}

const lines = (names: string[], samples: Sample[], of: (sample: Sample) => (number | null)[]): Series[] =>
  names.map((name, index) => ({ name, values: samples.map((sample) => of(sample)[index] ?? null) }));

export function Overview() {
  const say = useSay();
  const { value: status, problem, again } = usePoll<Status>("status", 2);
  const samples = useSamples(status);
  const seen = useRef(Date.now());
  if (status && !problem) seen.current = Date.now() - status.age_seconds * 1000;
  const age = (Date.now() - seen.current) / 1000;
  if (!status) return <main><h1>{say("overview")}</h1><Trouble problem={problem} age={age} />{problem ? null : <p class="quiet">{say("loading")}</p>}</main>;
  const times = samples.map((sample) => sample.at);
  const stores = status.stores.map((one) => one.name);
  const routes = status.routes.map((one) => one.topic);
  return (
    <main>
      <h1>{say("overview")}</h1>
      <Trouble problem={problem} age={age} />
      <section class="cards" aria-label={say("stores")}>
        {status.stores.map((store) => (
          <article class={store.error ? "card bad" : "card"} key={store.name}>
            <h2>{store.name}</h2>
            {store.error ? <p class="trouble">{store.error.message}</p> : (
              <dl>
                <dt>{say("sending")}</dt><dd>{grouped(store.sending)}</dd>
                <dt>{say("oldest")}</dt><dd>{span(store.oldest_sending_seconds)}</dd>
                <dt>{say("failed")}</dt><dd class={store.failed ? "bad" : ""}><a href={href(["failed"], { store: store.name })}>{grouped(store.failed)}</a></dd>
                <dt>{say("blocked")}</dt><dd>{grouped(store.blocked_scopes)}</dd>
                <dt>{say("lanes")}</dt><dd title={store.lanes?.map((lane) => `${lane.lane}: ${lane.holder ?? "–"}`).join("\n")}>{store.lanes?.filter((lane) => lane.holder).length} / {store.lanes?.length}</dd>
              </dl>
            )}
          </article>
        ))}
      </section>
      <section class="charts">
        <Chart title={say("rate")} times={times} series={lines(routes, samples, (sample) => sample.rates)} />
        <Chart title={say("sending")} times={times} series={lines(stores, samples, (sample) => sample.waiting)} />
        <Chart title={say("inFlight")} times={times} series={lines(routes, samples, (sample) => sample.inFlight)} />
        <Chart title={`${say("oldest")} (s)`} times={times} series={lines(stores, samples, (sample) => sample.oldest)} />
      </section>
      <section>
        <h2>{say("routes")}</h2>
        <Table<RouteStatus> caption={say("routes")} rows={status.routes} name={(route) => route.topic} columns={[
          { title: say("route"), cell: (route) => route.topic },
          { title: say("broker"), cell: (route) => route.broker },
          { title: say("state"), cell: (route) => <><State name={route.state} />{route.detail ? <small class="detail">{route.detail}</small> : null}</>, wide: true },
          { title: say("rate"), cell: (route) => Math.round(route.rate).toLocaleString("en"), numeric: true },
          { title: say("inFlight"), cell: (route) => grouped(route.in_flight), numeric: true },
          { title: say("confirmed"), cell: (route) => grouped(route.confirmed_total), numeric: true },
          { title: say("rejected"), cell: (route) => grouped(route.rejected_total), numeric: true },
          { title: say("unroutable"), cell: (route) => grouped(route.unroutable_total), numeric: true },
          { title: say("doubt"), cell: (route) => grouped(route.in_doubt_total), numeric: true },
          { title: say("twice"), cell: (route) => grouped(route.duplicates_possible_total), numeric: true },
          ...(status.routes.some((route) => route.may_pause) ? [{ title: say("acts"), cell: (route: RouteStatus) => (route.may_pause ? <RouteActs route={route} stores={status.stores} done={again} /> : null) }] : []),
        ]} />
        <details>
          <summary>{say("premise")}</summary>
          <dl class="fields">{status.routes.map((route) => <><dt>{route.topic}</dt><dd>{route.premise}</dd></>)}</dl>
        </details>
      </section>
      {status.brokers.some((one) => !one.up || one.blocked) ? (
        <section>
          <h2>{say("brokers")}</h2>
          <Table<BrokerStatus> caption={say("brokers")} rows={status.brokers.filter((one) => !one.up || one.blocked)} name={(one) => one.relay + one.broker} columns={[
            { title: say("broker"), cell: (one) => one.broker },
            { title: say("relay"), cell: (one) => one.relay },
            { title: say("state"), cell: (one) => <State name={one.up ? "stalled" : "down"} /> },
            { title: say("answer"), cell: (one) => one.detail, wide: true },
          ]} />
        </section>
      ) : null}
      <Command text="waybill status --watch" />
    </main>
  );
}
