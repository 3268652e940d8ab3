// Holding a route back and letting it go on, in each store.

import { useState } from "preact/hooks";
import { post, type RouteStatus, type StoreStatus } from "../api";
import { useSay } from "../language";
import { ReasonDialog } from "./reason";

export function RouteActs({ route, stores, done }: { route: RouteStatus; stores: StoreStatus[]; done: () => void }) {
  const say = useSay();
  const [asked, setAsked] = useState<{ act: "pause" | "resume"; store: string }>();
  const named = (word: "pauseRoute" | "resumeRoute", store: string) => say(word) + (stores.length > 1 ? ` (${store})` : "");
  return (
    <>
      {stores.filter((store) => !store.error).map((store) => {
        const act = store.paused?.some((one) => one.route === route.topic) ? "resume" : "pause";
        return <button type="button" key={store.name} aria-label={`${named(`${act}Route`, store.name)} ${route.topic}`} onClick={() => setAsked({ act, store: store.name })}>{named(`${act}Route`, store.name)}</button>;
      })}
      {asked ? (
        <ReasonDialog title={say(`${asked.act}Route`)} text={<><strong>{route.topic}</strong>: {say(asked.act === "pause" ? "pauseMeans" : "resumeMeans")}</>}
          act={(why) => post(`routes/${asked.act}`, { route: route.topic, store: asked.store, why })}
          close={() => { setAsked(undefined); done(); }} />
      ) : null}
    </>
  );
}
