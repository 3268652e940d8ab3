// What people said of a cause last, and saying something of it.

import { useState } from "preact/hooks";
import { post, type CauseAct, type Group } from "../api";
import { when } from "../format";
import { useSay } from "../language";
import { ReasonDialog } from "./reason";
import { State } from "./state";

const next: Record<Group["cause"]["state"], CauseAct[]> = { open: ["take", "resolve"], returned: ["take", "resolve"], taken: ["resolve", "reopen"], resolved: ["reopen"] };

export function CauseLife({ group, store, may, done }: { group: Group; store: string; may: boolean; done: () => void }) {
  const say = useSay();
  const [asked, setAsked] = useState<CauseAct>();
  const { state, who, why, since } = group.cause;
  return (
    <>
      <State name={state} />
      {who ? <small class="detail">{who}, {when(since)}{why ? `: ${why}` : ""}</small> : null}
      {may ? <div class="row">{next[state].map((act) => <button type="button" key={act} aria-label={`${say(act)}: ${group.reason} ${group.route}`} onClick={() => setAsked(act)}>{say(act)}</button>)}</div> : null}
      {asked ? (
        <ReasonDialog title={say(asked)} text={<><strong>{group.reason}</strong> {group.route}: {say("causeMeans")}</>}
          act={(reason) => post("causes", { act: asked, id: group.sample_id, store, why: reason })}
          close={() => { setAsked(undefined); done(); }} />
      ) : null}
    </>
  );
}
